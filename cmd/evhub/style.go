package main

// style colours text, or leaves it as it is.
type style struct{ on bool }

func (s style) success(text string) string { return s.paint("32", text) }
func (s style) failure(text string) string { return s.paint("31", text) }
func (s style) warning(text string) string { return s.paint("33", text) }
func (s style) heading(text string) string { return s.paint("1", text) }
func (s style) faint(text string) string   { return s.paint("2", text) }

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
