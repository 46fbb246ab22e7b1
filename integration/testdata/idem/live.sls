{%- set x = hub.idem.event.put_nowait(body={"rendered": [1, 2.0]}, profile="idem-jinja", tags={}) %}
greet:
  demo.present:
    - name: "wörld 世界"
    - password: hunter2
    - new_state: {n: 3, pi: 3.5, small: 1.0e-7, none: null, big: 1180591620717411303424, list: [1, two, true], text: "<é😀>\n\"\\"}

ping:
  exec.run:
    - path: test.ping
    - require:
      - demo: greet
