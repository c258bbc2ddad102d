namespace HealthExport.Stores;

/// <summary>A stretch of a list.</summary>
/// <param name="NextCursor">Opaque; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>A cursor that this server did not give out for this list.</summary>
public sealed class InvalidCursorException() : Exception("The cursor was not given out for this list.");
