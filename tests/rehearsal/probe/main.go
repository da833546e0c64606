// Command probe runs in the pods of the tests: it answers requests, and makes some when it is asked to.
package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type answer struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
	Error  string `json:"error"`
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	http.HandleFunc("/name", func(w http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		io.WriteString(w, name)
	})
	http.HandleFunc("/fetch", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(fetch(r.FormValue("url")))
	})
	http.HandleFunc("/resolve", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(resolve(r.FormValue("name")))
	})
	go http.ListenAndServe(":8080", nil)
	<-stop
}

func fetch(url string) answer {
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Timeout: 2 * time.Second, Transport: transport}).Get(url)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: response.StatusCode, Body: string(body)}
}

func resolve(name string) answer {
	addresses, err := net.LookupHost(name)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: len(addresses), Body: addresses[0]}
}
