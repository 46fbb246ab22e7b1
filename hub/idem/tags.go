package idem

// Caller is a function on Idem's hub that an event is about.
type Caller struct {
	// Ref refers to the function, such as "states.cloud.instance.present"; each kind of event says what "" means.
	Ref string
	// AcctDetails can link the event to the credentials that the function used, without being them: any JSON value. Nil
	// is null.
	AcctDetails any
}

// The tags of Idem's events, in its order.

type refFirst struct {
	Ref  any    `json:"ref"`
	Type string `json:"type"`
}

type typeFirst struct {
	Type string `json:"type"`
	Ref  string `json:"ref"`
}

type acctTags struct {
	Ref         any    `json:"ref"`
	Type        string `json:"type"`
	AcctDetails any    `json:"acct_details"`
}

func (c Caller) tags(kind string) acctTags { return acctTags{refOrNull(c.Ref), kind, c.AcctDetails} }

// refOrNull is null where Idem found no function to refer to.
func refOrNull(ref string) any {
	if ref == "" {
		return nil
	}
	return ref
}
