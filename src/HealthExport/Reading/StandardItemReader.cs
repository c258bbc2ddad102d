namespace HealthExport.Reading;
sealed class StandardItemReader(ReadContext context) { public void Read(ReadOnlyMemory<byte> e, int index) => context.RejectUnreadable("metrics", index, e.Span, "x"); }
