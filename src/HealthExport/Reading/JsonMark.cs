using System.Text.Json;

namespace HealthExport.Reading;

/// <summary>A place between two tokens of a payload, to go back to.</summary>
/// <param name="offset">Bytes before it.</param>
/// <param name="state">The tokeniser, as it was there.</param>
readonly struct JsonMark(long offset, JsonReaderState state)
{
    public long Offset { get; } = offset;
    public JsonReaderState State { get; } = state;
}
