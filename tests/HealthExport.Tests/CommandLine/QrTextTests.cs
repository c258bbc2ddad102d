using HealthExport.Server.CommandLine;
using QRCoder;

namespace HealthExport.Tests.CommandLine;

public sealed class QrTextTests
{
    const string Link = "com.HealthExport://automation?url=https%3A%2F%2Fhealth.example.org%2Fv1%2Fingest&format=json";

    [Fact]
    public void The_modules_are_those_of_the_text()
    {
        using var code = QRCodeGenerator.GenerateQrCode(Link, QRCodeGenerator.ECCLevel.L);
        var modules = QrText.Encode(Link);
        var size = 17 + 4 * code.Version;
        Assert.Equal(size, modules.GetLength(0));
        Assert.Equal(size, modules.GetLength(1));
        for (var row = 0; row < size; row++)
            for (var column = 0; column < size; column++)
                Assert.Equal(code.ModuleMatrix[row + 4][column + 4], modules[row, column]);
    }

    // ISO/IEC 18004: a finder is 7 x 7, a dark ring around a light ring around a dark square.
    [Fact]
    public void Three_corners_hold_finders()
    {
        var modules = QrText.Encode(Link);
        var last = modules.GetLength(0) - 7;
        foreach (var (top, left) in (ReadOnlySpan<(int, int)>)[(0, 0), (0, last), (last, 0)])
            for (var row = 0; row < 7; row++)
                for (var column = 0; column < 7; column++)
                    Assert.Equal(
                        Math.Max(Math.Abs(row - 3), Math.Abs(column - 3)) != 2, modules[top + row, left + column]);
    }

    [Fact]
    public void The_drawing_is_the_modules_with_a_light_margin_of_two()
    {
        var modules = QrText.Encode(Link);
        var size = modules.GetLength(0);
        var lines = QrText.Draw(modules);
        Assert.All(lines, line => Assert.Equal(size + 4, line.Length));
        for (var row = -2; row < size + 2; row++)
            for (var column = -2; column < size + 2; column++)
            {
                var character = lines[(row + 2) / 2][column + 2];
                var isDark = (row + 2) % 2 == 0 ? character is ' ' or '▄' : character is ' ' or '▀';
                var isModule = row >= 0 && column >= 0 && row < size && column < size;
                Assert.Equal(isModule && modules[row, column], isDark);
            }
    }
}
