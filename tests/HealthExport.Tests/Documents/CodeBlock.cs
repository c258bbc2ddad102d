using HealthExport.Tests.Support;

namespace HealthExport.Tests.Documents;

/// <summary>A fenced block of a Markdown page.</summary>
/// <param name="Language">What stands after the fence; empty for nothing.</param>
/// <param name="Line">Of the opening fence, from 1.</param>
sealed record CodeBlock(string Language, string Text, int Line)
{
    /// <summary>Every block of a page of the repository, in order.</summary>
    public static List<CodeBlock> Of(string page)
    {
        const string fence = "```";
        var blocks = new List<CodeBlock>();
        var lines = RepositoryFacts.Read(page).ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(fence, StringComparison.Ordinal)) continue;
            var end = Array.IndexOf(lines, fence, i + 1);
            Assert.True(end > i, $"{page}:{i + 1}: the block has no end");
            blocks.Add(new(lines[i][fence.Length..], string.Join('\n', lines[(i + 1)..end]), i + 1));
            i = end;
        }
        return blocks;
    }
}
