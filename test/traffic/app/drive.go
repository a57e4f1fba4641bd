package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/driver"
)

// drive runs the clients.
func drive(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("drive", flag.ContinueOnError)
	address := flags.String("control", ":8081", "`address` for commands over HTTP")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *address)
	if err != nil {
		return fmt.Errorf("listening for commands: %w", err)
	}
	fmt.Printf("driving control=%s\n", listener.Addr())
	control := &http.Server{Handler: driver.New().Handler(), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = control.Close() })
	defer stop()
	if err := control.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving commands: %w", err)
	}
	return nil
}
