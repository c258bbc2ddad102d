using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Support;

/// <param name="Values">What the line is made of, by name.</param>
sealed record LogLine(
    int EventId, LogLevel Level, string Category, string Text, IReadOnlyDictionary<string, object?> Values);

/// <summary>Keeps every line that the server writes.</summary>
sealed class CapturedLog : ILoggerProvider
{
    readonly ConcurrentQueue<LogLine> _lines = [];

    public IReadOnlyList<LogLine> Lines => [.. _lines];

    public IEnumerable<LogLine> Of(int eventId) => Lines.Where(line => line.EventId == eventId);

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose() { }

    sealed class Writer(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            log._lines.Enqueue(new(
                eventId.Id, logLevel, category, formatter(state, exception) + exception,
                (state as IEnumerable<KeyValuePair<string, object?>> ?? [])
                    .ToDictionary(value => value.Key, value => value.Value)));
    }
}
