package http

// LookUp is lookUp.
var LookUp = lookUp
