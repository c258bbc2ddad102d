using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using HealthExport.Workouts;

namespace HealthExport.Tests.Workouts;

public sealed class AntimeridianCutsTests
{
    [Theory]
    [InlineData("13.4 13.5 -13", "")]
    [InlineData("179 -179", "1")]
    [InlineData("-179 179 -179", "1 2")]
    [InlineData("90 -90", "")]
    [InlineData("90 -90.5", "1")]
    // A point on the antimeridian is on the side of the one before it, the first on that of the second.
    [InlineData("179 -180 179", "")]
    [InlineData("179 -180 -179", "2")]
    [InlineData("-180 179", "")]
    [InlineData("180 180 -180 -179", "3")]
    [InlineData("180", "")]
    public void A_route_is_cut_where_the_short_way_crosses(string longitudes, string expected)
    {
        var cuts = AntimeridianCuts.Of([.. longitudes.Split(' ').Select(one => double.Parse(one, CultureInfo.InvariantCulture))]);
        Assert.Equal(expected, string.Join(' ', cuts.Before));
        Assert.All(cuts.Before, cut => Assert.InRange(cuts.FractionAt(cut), 0, 1));
    }

    [Fact]
    public void Between_two_cuts_no_line_crosses_and_no_line_is_a_single_point()
    {
        var routes = Gen.Choose(-18, 18).Select(i => i * 10.0).ListOf();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(routes.ToArbitrary(), list =>
        {
            double[] sent = [.. list];
            var cuts = AntimeridianCuts.Of(sent);
            // As it is written: with an end and a beginning at each cut.
            List<List<double>> lines = [[]];
            for (var i = 0; i < sent.Length; i++)
            {
                if (cuts.Before.Contains(i))
                {
                    if (cuts.FractionAt(i) > 0) lines[^1].Add(cuts.EndAt(i));
                    lines.Add([-cuts.EndAt(i)]);
                }
                lines[^1].Add(cuts.Longitudes[i]);
            }
            return sent.Zip(cuts.Longitudes).All(pair =>
                    pair.First == pair.Second || (Math.Abs(pair.First) == 180 && pair.First == -pair.Second))
                && lines.All(line => line.Zip(line.Skip(1)).All(step => Math.Abs(step.Second - step.First) <= 180))
                && (sent.Length < 2 || lines.All(line => line.Count > 1));
        }));
    }
}
