package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// run runs a program and returns an error with what it said.
func run(ctx context.Context, name string, arguments ...string) error {
	said, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

func ip(ctx context.Context, arguments string) error {
	return run(ctx, "ip", strings.Fields(arguments)...)
}

// checkBridge refuses to touch another cluster: there can be one on a machine only.
func (c Cluster) checkBridge() error {
	if owner, found := bridgeOwner(); found && owner != "" && owner != c.Directory {
		return fmt.Errorf("another cluster is up on this machine, of %q; take that one down first", owner)
	}
	return nil
}

// layBridge makes the bridge and the host's routes to the Pods, or what is missing of them. The bridge bears the folder of the cluster
// that it belongs to.
func (c Cluster) layBridge(ctx context.Context) error {
	if err := c.checkBridge(); err != nil {
		return err
	}
	if _, found := bridgeOwner(); !found {
		if err := ip(ctx, "link add "+bridge+" type bridge forward_delay 0"); err != nil {
			return err
		}
	}
	err := errors.Join(
		run(ctx, "ip", "link", "set", bridge, "alias", c.Directory), // one argument, whatever the folder is called
		ip(ctx, "addr replace "+bridgeAddress+"/24 dev "+bridge),
		ip(ctx, "link set "+bridge+" up"),
	)
	for _, node := range nodes() {
		err = errors.Join(err, ip(ctx, "route replace "+node.pods+" via "+node.address))
	}
	return err
}

// bridgeOwner is the folder of the cluster that is up; empty if it was broken off while it was made.
func bridgeOwner() (directory string, found bool) {
	if _, err := net.InterfaceByName(bridge); err != nil {
		return "", false
	}
	alias, err := readTrimmed("/sys/class/net/" + bridge + "/ifalias")
	return alias, err == nil
}

// removeBridge removes the bridge, and with it the routes.
func removeBridge(ctx context.Context) error {
	if _, found := bridgeOwner(); !found {
		return nil
	}
	return ip(ctx, "link del "+bridge)
}

// plugIn gives a node's network namespace its card, eth0, and connects the other end of the cable with the bridge.
func (n node) plugIn(ctx context.Context, process int) error {
	// The kernel may not yet have taken away the card of the machine's former life.
	if n.cableState() != "none" {
		_ = ip(ctx, "link del "+n.hostInterface) // it may have gone by now
	}
	if err := ip(ctx, "link add "+n.hostInterface+" type veth peer name eth0 netns "+strconv.Itoa(process)); err != nil {
		return err
	}
	return errors.Join(
		ip(ctx, "link set "+n.hostInterface+" master "+bridge),
		ip(ctx, "link set "+n.hostInterface+" up"),
	)
}

// Cut unplugs a node's network cable.
func (c Cluster) Cut(ctx context.Context, name string) error { return setCable(ctx, name, "down") }

// Mend plugs it in again.
func (c Cluster) Mend(ctx context.Context, name string) error { return setCable(ctx, name, "up") }

func setCable(ctx context.Context, name, state string) error {
	node, err := findNode(name)
	if err != nil {
		return err
	}
	return ip(ctx, "link set "+node.hostInterface+" "+state)
}

// cableState is "up", "cut" or "none".
func (n node) cableState() string {
	card, err := net.InterfaceByName(n.hostInterface)
	switch {
	case err != nil:
		return "none"
	case card.Flags&net.FlagUp == 0:
		return "cut"
	default:
		return "up"
	}
}
