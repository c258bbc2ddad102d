using System.Globalization;

namespace HealthExport.Tests.Workouts;

/// <summary>Lines as WKT writes them: longitude first, points parted by commas.</summary>
static class Lines
{
    public static (double[] Latitudes, double[] Longitudes) Read(string line)
    {
        var points = line.Split(',').Select(point => Array.ConvertAll(
            point.Trim().Split(' '), number => double.Parse(number, CultureInfo.InvariantCulture))).ToList();
        return ([.. points.Select(point => point[1])], [.. points.Select(point => point[0])]);
    }
}
