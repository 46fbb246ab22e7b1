package brokers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// layOut gives the server its ports and files.
func (r *RabbitMQ) layOut() error {
	ports, err := freePorts(4)
	if err != nil {
		return err
	}
	plain, tls, dist, names := ports[0], ports[1], ports[2], ports[3]
	r.addr, r.TLSAddr = loopback(plain), loopback(tls)
	r.url = fmt.Sprintf("amqp://%s:%s@%s/", User, Password, r.addr)

	config := strings.Join([]string{
		"listeners.tcp.1 = " + r.addr,
		"listeners.ssl.1 = " + r.TLSAddr,
		"ssl_options.cacertfile = " + r.TLS.CA,
		"ssl_options.certfile = " + r.TLS.server,
		"ssl_options.keyfile = " + r.TLS.serverKey,
		"ssl_options.verify = verify_peer",
		"ssl_options.fail_if_no_peer_cert = false",
		"default_user = " + User,
		"default_pass = " + Password,
		"loopback_users = none",
		"disk_free_limit.absolute = 50MB",
		"log.console = true",
		"log.console.level = warning",
		"log.file = false",
	}, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(r.dir, "rabbitmq.conf"), []byte(config), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "plugins"), []byte("[].\n"), 0o600); err != nil {
		return err
	}
	r.env = []string{
		fmt.Sprintf("RABBITMQ_NODENAME=evhub%d@localhost", plain),
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(r.dir, "rabbitmq"),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(r.dir, "mnesia"),
		"RABBITMQ_LOG_BASE=" + filepath.Join(r.dir, "log"),
		"RABBITMQ_PID_FILE=" + filepath.Join(r.dir, "pid"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(r.dir, "plugins"),
		fmt.Sprintf("RABBITMQ_DIST_PORT=%d", dist),
		fmt.Sprintf("ERL_EPMD_PORT=%d", names),
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"HOME=" + r.dir,                 // the Erlang cookie lies there
		"RUNNING_UNDER_SYSTEMD=true",    // the script becomes the server, so that its pid is the server's
		"RABBITMQ_SERVER_ERL_ARGS=+S 2", // threads
	}
	// Erlang would leave an epmd behind: this one is ours and ends with us.
	r.names = &process{
		name: "epmd", dir: r.dir, env: r.env,
		argv: []string{"epmd", "-address", "127.0.0.1", "-port", fmt.Sprint(names)},
	}
	r.server = &process{
		name: "rabbitmq", dir: r.dir, env: r.env,
		argv: []string{filepath.Join(r.scripts, "rabbitmq-server")},
	}
	return nil
}
