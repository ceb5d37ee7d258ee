// Package fcmtest is a stand-in for Firebase Cloud Messaging (HTTP v1) that speaks
// real HTTP on loopback: a token endpoint that checks the signed assertion of a
// service account, and messages:send, which checks the access token, the project and
// the shape of a message, and keeps what it took.
//
// Faults are programmed for one device token, for any, or for the token endpoint:
//
//	s := fcmtest.New()
//	defer s.Close()
//	file, err := s.WriteCredentials(t.TempDir())
//	sender, err := fcm.New(ctx, fcm.Config{CredentialsFile: file, Endpoint: s.URL()})
//	s.OnDevice("phone-1", fcmtest.Unregistered())
//
// The shapes of answers are those that FCM documents and that its users report.
package fcmtest
