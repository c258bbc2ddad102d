using System.Text;
using QRCoder;

namespace HealthExport.Server.CommandLine;

/// <summary>A QR code as text: two modules a character, upper and lower half.</summary>
static class QrText
{
    /// <summary>Columns of light around the code; the standard asks for four, phones read two.</summary>
    const int Margin = 2;

    /// <summary>The code's modules, true for dark, rows from the top, without a margin.</summary>
    public static bool[,] Encode(string text)
    {
        // The lowest correction: a screen has no dirt, and a smaller code is easier to read from one.
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.L);
        // The generator's own quiet zone of four modules is left out here.
        var size = code.ModuleMatrix.Count - 8;
        var modules = new bool[size, size];
        for (var row = 0; row < size; row++)
            for (var column = 0; column < size; column++)
                modules[row, column] = code.ModuleMatrix[row + 4][column + 4];
        return modules;
    }

    /// <summary>Lines of blocks. Light modules are drawn, so that the code is right on a dark terminal.</summary>
    public static IReadOnlyList<string> Draw(bool[,] modules)
    {
        var size = modules.GetLength(0);
        var lines = new List<string>();
        for (var row = -Margin; row < size + Margin; row += 2)
        {
            var line = new StringBuilder(size + 2 * Margin);
            for (var column = -Margin; column < size + Margin; column++)
                line.Append((IsDark(row, column), row + 1 >= size + Margin || IsDark(row + 1, column)) switch
                {
                    (false, false) => '█',
                    (false, true) => '▀',
                    (true, false) => '▄',
                    _ => ' ',
                });
            lines.Add(line.ToString());
        }
        return lines;

        bool IsDark(int row, int column) =>
            row >= 0 && column >= 0 && row < size && column < size && modules[row, column];
    }
}
