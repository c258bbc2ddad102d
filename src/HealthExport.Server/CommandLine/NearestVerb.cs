using System.CommandLine;

namespace HealthExport.Server.CommandLine;

/// <summary>Guesses what a mistyped word was meant to be.</summary>
static class NearestVerb
{
    const int MaxMistakes = 2;

    public static string? Find(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is not [var typed, ..]) return null;
        var command = parsed.CommandResult.Command;
        IEnumerable<string> known = typed.StartsWith('-')
            ? command.Options.Select(option => option.Name).Append(Call.JsonOption.Name)
            : command.Subcommands.Select(subcommand => subcommand.Name);
        var nearest = known.Select(name => (Name: name, Mistakes: CountMistakes(typed, name)))
            .OrderBy(candidate => candidate.Mistakes).FirstOrDefault();
        return nearest.Name is not null && nearest.Mistakes <= MaxMistakes ? nearest.Name : null;
    }

    /// <summary>Letters added, left out, exchanged, or swapped with their neighbour.</summary>
    static int CountMistakes(string typed, string meant)
    {
        var counts = new int[typed.Length + 1, meant.Length + 1];
        for (var i = 0; i <= typed.Length; i++)
            for (var j = 0; j <= meant.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    counts[i, j] = i + j;
                    continue;
                }
                var exchanged = counts[i - 1, j - 1] + (typed[i - 1] == meant[j - 1] ? 0 : 1);
                counts[i, j] = Math.Min(exchanged, Math.Min(counts[i - 1, j], counts[i, j - 1]) + 1);
                if (i > 1 && j > 1 && typed[i - 1] == meant[j - 2] && typed[i - 2] == meant[j - 1])
                    counts[i, j] = Math.Min(counts[i, j], counts[i - 2, j - 2] + 1);
            }
        return counts[typed.Length, meant.Length];
    }
}
