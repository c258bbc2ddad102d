using System.Runtime.CompilerServices;

namespace HealthExport.Keys;

/// <summary>Looks names up whose place in their list is the number of an enum's member.</summary>
static class KeyNames
{
    public static bool TryFind<TEnum>(ReadOnlySpan<string> names, string? text, out TEnum value)
        where TEnum : struct, Enum
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (!names[i].Equals(text, StringComparison.OrdinalIgnoreCase)) continue;
            value = Unsafe.BitCast<int, TEnum>(i);
            return true;
        }

        value = default;
        return false;
    }
}
