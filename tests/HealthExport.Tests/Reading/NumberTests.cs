using System.Globalization;
using System.Text;
using HealthExport.Reading;

namespace HealthExport.Tests.Reading;

public sealed class NumberTests
{
    [Fact]
    public void A_number_is_read_to_the_nearest_double()
    {
        var random = new Random(1);
        for (var i = 0; i < 200_000; i++)
        {
            var text = (i % 4) switch
            {
                0 => random.Next(-1000, 100_000).ToString(CultureInfo.InvariantCulture),
                1 => (random.NextDouble() * 1000 - 100).ToString("R", CultureInfo.InvariantCulture),
                2 => (random.NextDouble() * 1000).ToString($"F{random.Next(0, 18)}", CultureInfo.InvariantCulture),
                _ => BitConverter.Int64BitsToDouble(random.NextInt64()).ToString("R", CultureInfo.InvariantCulture),
            };
            if (!char.IsAsciiDigit(text[^1])) continue; // NaN
            Assert.True(Numbers.TryParse(Encoding.UTF8.GetBytes(text), out var value), text);
            Assert.Equal(double.Parse(text, CultureInfo.InvariantCulture), value);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("12,5")]
    [InlineData("-")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1 000")]
    [InlineData("0x10")]
    [InlineData("12 steps")]
    public void What_only_looks_like_one_is_none(string text) =>
        Assert.False(Numbers.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
