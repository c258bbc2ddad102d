using System.Text;

namespace HealthExport.Tests.Support;

/// <summary>Texts that must not get out, looked for in every form in which they might.</summary>
sealed class Canaries
{
    // Half of a secret is a leak, too.
    const int PartLength = 20;

    readonly List<(string Name, string[] Forms)> _all = [];

    /// <summary>A key: its secret, in parts and as bytes in hexadecimal.</summary>
    public void AddKey(string name, string key)
    {
        if (Guid.TryParse(key, out var uuid))
        {
            Add(name, uuid.ToString("d"), uuid.ToString("n"), HexOf(uuid.ToString("d")));
            return;
        }
        var secret = key[(key.LastIndexOf('_') + 1)..];
        var (first, last) = (secret[..PartLength], secret[^PartLength..]);
        Add(name, first, last, HexOf(first), HexOf(last), Convert.ToBase64String(Encoding.UTF8.GetBytes(first))[..24]);
    }

    public void Add(string name, params string[] forms) => _all.Add((name, forms));

    /// <summary>All forms of all of them.</summary>
    public IReadOnlyList<string> Forms => [.. _all.SelectMany(canary => canary.Forms)];

    public void AssertNotIn(string sink, string text)
    {
        foreach (var (name, forms) in _all)
            foreach (var form in forms)
                Assert.False(text.Contains(form, StringComparison.OrdinalIgnoreCase), $"{name} is in {sink}: {text}");
    }

    public void AssertNotIn(string sink, ReadOnlySpan<byte> bytes)
    {
        foreach (var (name, forms) in _all)
            foreach (var form in forms)
                foreach (var encoding in (Encoding[])[Encoding.UTF8, Encoding.Unicode])
                    Assert.False(bytes.IndexOf(encoding.GetBytes(form)) >= 0, $"{name} is in {sink}.");
    }

    static string HexOf(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));
}
