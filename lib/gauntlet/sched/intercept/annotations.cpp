// Dynamic annotations: what a program tells ThreadSanitizer about itself. Libraries call them where they are compiled for it,
// as everything under control is, so they have to be there. They are not heeded: an access that is meant to be ignored is
// judged, and an order that only an annotation tells is none.
extern "C" {
void AnnotateHappensBefore(const char*, int, const volatile void*) {}
void AnnotateHappensAfter(const char*, int, const volatile void*) {}
void AnnotateIgnoreReadsBegin(const char*, int) {}
void AnnotateIgnoreReadsEnd(const char*, int) {}
void AnnotateIgnoreWritesBegin(const char*, int) {}
void AnnotateIgnoreWritesEnd(const char*, int) {}
void AnnotateNewMemory(const char*, int, const volatile void*, unsigned long) {}
void AnnotateRWLockCreate(const char*, int, const volatile void*) {}
void AnnotateRWLockDestroy(const char*, int, const volatile void*) {}
void AnnotateRWLockAcquired(const char*, int, const volatile void*, long) {}
void AnnotateRWLockReleased(const char*, int, const volatile void*, long) {}
}
