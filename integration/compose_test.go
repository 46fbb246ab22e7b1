package integration

import (
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// The file is checked by the library that docker compose itself reads it with, since an engine is not always there.
func TestComposeFile(t *testing.T) {
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  "..",
		ConfigFiles: []types.ConfigFile{{Filename: "../docker-compose.yml"}},
	}, func(o *loader.Options) { o.SetProjectName("evhub", true) })
	if err != nil {
		t.Fatal(err)
	}
	for service, port := range map[string]string{"kafka": "9092", "rabbitmq": "5672"} {
		s, err := project.GetService(service)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.HealthCheck == nil || s.HealthCheck.Disable {
			t.Errorf("%s has no health check, so that nothing can wait for it", service)
		}
		published := false
		for _, p := range s.Ports {
			published = published || p.Published == port
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s at %q, want the loopback address alone", service, p.Published, p.HostIP)
			}
		}
		if !published {
			t.Errorf("%s does not publish %s", service, port)
		}
	}
}
