using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace HealthExport.Server.CommandLine;

/// <summary>What a verb prints on stdout: one JSON document, or text for people.</summary>
static class Answer
{
    static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(TextWriter writer, JsonNode document) => writer.WriteLine(document.ToJsonString(s_json));

    public static JsonArray ToArray<T>(IEnumerable<T> items, Func<T, JsonNode?> toNode) =>
        [.. items.Select(toNode)];

    /// <summary>An instant as the contract has it: RFC 3339, UTC.</summary>
    public static string? Format(Time.Instant? at) =>
        at is { IsNone: false } instant
            ? instant.At(0).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)
            : null;

    /// <summary>A table for people. Cells are taken as they are, never as markup.</summary>
    public static void WriteTable(Shell shell, string[] headers, IEnumerable<string?[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var header in headers) table.AddColumn(new TableColumn(new Text(header)).NoWrap());
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(cell ?? "")));
        var console = OpenConsole(shell.Out, AnsiSupport.No, shell.FindWidth());
        console.Write(table);
    }

    public static IAnsiConsole OpenConsole(TextWriter writer, AnsiSupport ansi, int? width)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = ansi,
            ColorSystem = ansi == AnsiSupport.No ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = ansi == AnsiSupport.No ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(writer),
        });
        if (width is { } columns) console.Profile.Width = columns;
        return console;
    }

    /// <summary>Bytes in the largest unit that keeps three digits: <c>90.1 MB</c>, powers of ten.</summary>
    public static string FormatSize(long bytes)
    {
        if (bytes < 1000) return $"{bytes} B";
        double size = bytes;
        foreach (var unit in (ReadOnlySpan<string>)["kB", "MB", "GB", "TB"])
        {
            size /= 1000;
            if (size < 999.5 || unit == "TB") return string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{size:0.#} {unit}");
        }
        throw new System.Diagnostics.UnreachableException();
    }
}
