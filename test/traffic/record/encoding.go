package record

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The encoding, inside gzip: the format's name; the header's length as a varint, and the header in JSON; then each
// record as varints: stream, outcome, Pod, Sent less the Sent before it, Done less Sent.
const format = "zen-lead traffic 1\n"

// headerLimit is the longest header that is read, in bytes.
const headerLimit = 16 << 20

// header is everything but the records.
type header struct {
	Streams         []StreamSpec `json:"streams"`
	Pods            []string     `json:"pods"`
	Records         int          `json:"records"`
	ResolveFailures []int        `json:"resolve_failures"`
	LatestSend      []int64      `json:"latest_send_ns"`
}

// Write writes the Run in a compact binary form, which Read understands.
func (r *Run) Write(to io.Writer) error {
	zip, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(zip, 64<<10)
	if err := r.writePlain(buffered); err != nil {
		return fmt.Errorf("writing records: %w", err)
	}
	if err := errors.Join(buffered.Flush(), zip.Close()); err != nil {
		return fmt.Errorf("writing records: %w", err)
	}
	return nil
}

func (r *Run) writePlain(to *bufio.Writer) error {
	head, err := json.Marshal(header{
		Streams: r.Streams, Pods: r.Pods, Records: len(r.Records), ResolveFailures: r.ResolveFailures, LatestSend: r.LatestSend,
	})
	if err != nil {
		return err
	}
	// Errors of a bufio.Writer stay; Flush returns them.
	_, _ = to.WriteString(format)
	buffer := binary.AppendUvarint(nil, uint64(len(head)))
	_, _ = to.Write(buffer)
	_, _ = to.Write(head)
	previous := int64(0)
	for _, one := range r.Records {
		buffer = append(buffer[:0], one.Stream, byte(one.Outcome))
		buffer = binary.AppendUvarint(buffer, uint64(one.Pod))
		buffer = binary.AppendVarint(buffer, one.Sent-previous)
		buffer = binary.AppendVarint(buffer, one.Done-one.Sent)
		previous = one.Sent
		_, _ = to.Write(buffer)
	}
	return nil
}

// Read reads what Write has written.
func Read(from io.Reader) (*Run, error) {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("reading records: %w", err)
	}
	plain := bufio.NewReaderSize(zip, 64<<10)
	head, err := readHeader(plain)
	if err != nil {
		return nil, fmt.Errorf("reading the header of records: %w", err)
	}
	run := &Run{Streams: head.Streams, Pods: head.Pods, ResolveFailures: head.ResolveFailures, LatestSend: head.LatestSend}
	// A count that is not true must not cost memory.
	run.Records = make([]Record, 0, min(head.Records, 1<<20))
	previous := int64(0)
	for i := range head.Records {
		one, err := readRecord(plain, previous)
		if err != nil {
			return nil, fmt.Errorf("reading record %d of %d: %w", i+1, head.Records, err)
		}
		if int(one.Stream) >= len(run.Streams) || int(one.Pod) >= len(run.Pods) || one.Outcome >= outcomes {
			return nil, fmt.Errorf("record %d of %d names a stream, Pod or outcome that does not exist", i+1, head.Records)
		}
		previous = one.Sent
		run.Records = append(run.Records, one)
	}
	// Only gzip's end tells that nothing is missing or damaged.
	if _, err := plain.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the end of records: more follows, or: %w", err)
	}
	return run, nil
}

func readHeader(from *bufio.Reader) (header, error) {
	name := make([]byte, len(format))
	if _, err := io.ReadFull(from, name); err != nil {
		return header{}, err
	}
	if string(name) != format {
		return header{}, fmt.Errorf("unknown format %q", name)
	}
	length, err := binary.ReadUvarint(from)
	if err != nil {
		return header{}, err
	}
	if length > headerLimit {
		return header{}, fmt.Errorf("%d bytes are too many", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(from, text); err != nil {
		return header{}, err
	}
	var head header
	if err := json.Unmarshal(text, &head); err != nil {
		return header{}, err
	}
	if head.Records < 0 {
		return header{}, fmt.Errorf("%d records", head.Records)
	}
	return head, nil
}

func readRecord(from *bufio.Reader, previous int64) (Record, error) {
	var fixed [2]byte
	if _, err := io.ReadFull(from, fixed[:]); err != nil {
		return Record{}, unexpected(err)
	}
	pod, err := binary.ReadUvarint(from)
	if err != nil {
		return Record{}, unexpected(err)
	}
	if pod > 0xffff {
		return Record{}, fmt.Errorf("no Pod has the number %d", pod)
	}
	sent, err := binary.ReadVarint(from)
	if err != nil {
		return Record{}, unexpected(err)
	}
	took, err := binary.ReadVarint(from)
	if err != nil {
		return Record{}, unexpected(err)
	}
	sent += previous
	return Record{Stream: fixed[0], Outcome: Outcome(fixed[1]), Pod: uint16(pod), Sent: sent, Done: sent + took}, nil
}

// unexpected is the error for input that ends too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
