using System.Globalization;

namespace HealthExport.Keys;

/// <summary>The PHC string form of an Argon2id hash: <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.</summary>
/// <remarks>Base64 of the usual alphabet, without padding. One hash has one text: nothing else parses.</remarks>
readonly record struct Argon2Text(Argon2Cost Cost, byte[] Salt, byte[] Hash)
{
    const string Prefix = "$argon2id$v=19$";
    const int MaxLength = 256;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}m={Cost.MemoryKib},t={Cost.Passes},p={Cost.Parallelism}${Encode(Salt)}${Encode(Hash)}");

    public static bool TryParse(string text, out Argon2Text parsed)
    {
        parsed = default;
        if (text.Length > MaxLength || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        if (text[Prefix.Length..].Split('$') is not [var costText, var saltText, var hashText]) return false;
        if (costText.Split(',') is not [['m', '=', .. var m], ['t', '=', .. var t], ['p', '=', .. var p]]) return false;
        if (!TryReadNumber(m, out var memory)
            || !TryReadNumber(t, out var passes)
            || !TryReadNumber(p, out var parallelism)) return false;

        var cost = new Argon2Cost(memory, passes, parallelism);
        if (!cost.IsWithinBounds) return false;
        if (!TryDecode(saltText, out var salt) || salt.Length is < 8 or > 64) return false;
        if (!TryDecode(hashText, out var hash) || hash.Length is < 16 or > 64) return false;
        parsed = new Argon2Text(cost, salt, hash);
        return true;
    }

    static bool TryReadNumber(string digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number) && digits[0] != '0';

    static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        if (!Convert.TryFromBase64String(padded, bytes, out var length)) return false;
        bytes = bytes[..length];
        return Encode(bytes) == text;
    }
}
