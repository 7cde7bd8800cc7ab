package dataset

// Verify hashes the files of a data set anew, whatever was found of them before, and checks what is in them. The error
// is a *Missing or a *Corrupt.
func Verify(name string) error {
	s, err := lookup(name)
	if err != nil {
		return err
	}
	if s.maker != nil {
		if s.maker.of == "" {
			return nil
		}
		return Verify(s.maker.of)
	}
	if s.published == nil {
		_, err := s.load()
		return err
	}
	return s.published.verify()
}
