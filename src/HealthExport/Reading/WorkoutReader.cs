namespace HealthExport.Reading;
sealed class WorkoutReader(ReadContext context) { public void Read(ReadOnlyMemory<byte> e, int index) => context.RejectUnreadable("workouts", index, e.Span, "x"); }
