namespace HealthExport.Reading;
sealed class EventReader(ReadContext context) { public void Read(string n, ReadOnlyMemory<byte> e, int index) => context.RejectUnreadable(n, index, e.Span, "x");
public void ReadUnknown(string n, ReadOnlyMemory<byte> e, int index) => context.RejectUnreadable(n, index, e.Span, "x"); }
