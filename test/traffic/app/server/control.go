package server

import (
	"errors"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"
)

// exitCode is what a process leaves that was killed with SIGKILL.
const exitCode = 137

// serveControl serves probes and commands over HTTP.
func (s *Server) serveControl() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /ready", s.reportReady)
	mux.HandleFunc("POST /ready", s.changeReady)
	mux.HandleFunc("POST /exit", func(http.ResponseWriter, *http.Request) { s.options.Exit(exitCode) })
	control := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	if err := control.Serve(s.control); !errors.Is(err, net.ErrClosed) {
		log.Print("Serving commands: ", err)
	}
}

// reportReady goes on saying yes while the server shuts down, for it serves then.
func (s *Server) reportReady(w http.ResponseWriter, _ *http.Request) {
	if !s.ready.Load() {
		http.Error(w, "told to be not ready", http.StatusServiceUnavailable)
		go s.foundUnready()
	}
}

func (s *Server) changeReady(w http.ResponseWriter, r *http.Request) {
	ready, err := strconv.ParseBool(r.FormValue("value"))
	if err != nil {
		http.Error(w, "value must be true or false", http.StatusBadRequest)
		return
	}
	s.setReady(ready)
	w.WriteHeader(http.StatusNoContent)
}
