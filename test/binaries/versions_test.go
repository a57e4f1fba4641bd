package binaries

import (
	"testing"
)

func TestModulesPinTheVersionsOfVersionsGo(t *testing.T) {
	pinned := map[string]string{"go.etcd.io/etcd/server/v3": EtcdVersion}
	for _, set := range []Set{ControlPlane, Node, Containerd, CNI, CoreDNS} {
		pinned[set.module] = set.version
		for module, version := range pinned {
			if module != set.module && set.Name != ControlPlane.Name {
				continue
			}
			found, err := output(t.Context(), set.directory(), "go", "list", "-m", "-f", "{{.Version}}", module)
			if err != nil {
				t.Fatal(err)
			}
			if found != version {
				t.Errorf("%s/go.mod has %s %s, versions.go %s", set.folder, module, found, version)
			}
		}
	}
}
