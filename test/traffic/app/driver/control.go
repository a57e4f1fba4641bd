package driver

import (
	"encoding/json"
	"log"
	"net/http"
	"sync"
)

// specLimit is the longest Spec that is read, in bytes.
const specLimit = 1 << 20

// Driver runs one run at a time on command.
type Driver struct {
	lookup lookup

	mutex   sync.Mutex
	current *run // the last one that was started; nil before
	busy    bool // one is being started or runs
}

// New makes a driver without a run.
func New() *Driver {
	return &Driver{lookup: lookupInDNS}
}

// Handler serves the commands over HTTP.
func (d *Driver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /run", d.run)
	mux.HandleFunc("POST /stop", d.stop)
	mux.HandleFunc("GET /records", d.records)
	return mux
}

// run starts a run, and drops the records of the one before.
func (d *Driver) run(w http.ResponseWriter, r *http.Request) {
	var spec Spec
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, specLimit))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&spec)
	if err == nil {
		err = spec.validate()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !d.reserve() {
		http.Error(w, "a run is running", http.StatusConflict)
		return
	}
	started, err := start(r.Context(), spec, d.lookup)
	d.mutex.Lock()
	d.current, d.busy = started, err == nil
	d.mutex.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	log.Printf("Started %d streams", len(spec.Streams))
	w.WriteHeader(http.StatusNoContent)
}

func (d *Driver) reserve() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.busy {
		return false
	}
	d.current, d.busy = nil, true
	return true
}

// stop ends the run that runs, and does nothing if none does.
func (d *Driver) stop(w http.ResponseWriter, _ *http.Request) {
	d.mutex.Lock()
	current := d.current
	d.mutex.Unlock()
	if current != nil {
		current.stop()
		d.mutex.Lock()
		if d.current == current {
			d.busy = false
		}
		d.mutex.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

// records returns the records of the last run, also while it runs; no content if there never was one.
func (d *Driver) records(w http.ResponseWriter, _ *http.Request) {
	d.mutex.Lock()
	current := d.current
	d.mutex.Unlock()
	if current == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := current.records().Write(w); err != nil {
		log.Print("Handing records over: ", err)
	}
}
