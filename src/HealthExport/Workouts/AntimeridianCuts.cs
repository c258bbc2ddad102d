namespace HealthExport.Workouts;

/// <summary>
/// Where a route crosses the antimeridian, so that it can be drawn as lines that do not (RFC 7946, 3.1.9). Pure.
/// </summary>
/// <param name="Longitudes">As they were, but that a point on the antimeridian is on its neighbours' side.</param>
/// <param name="Before">Points that are on the other side than the one before them, in order.</param>
public sealed record AntimeridianCuts(double[] Longitudes, IReadOnlyList<int> Before)
{
    const double Half = 180;

    /// <param name="longitudes">Degrees, -180 to 180.</param>
    public static AntimeridianCuts Of(double[] longitudes)
    {
        var own = longitudes;
        List<int> cuts = [];
        for (var i = 0; i < own.Length; i++)
        {
            if (Math.Abs(own[i]) == Half && NeighbourOf(i) is var side && side * own[i] < 0)
            {
                if (ReferenceEquals(own, longitudes)) own = [.. longitudes];
                own[i] = -own[i];
            }
            // The short way: whoever goes more than half around the world goes the other way.
            if (i > 0 && Math.Abs(own[i] - own[i - 1]) > Half) cuts.Add(i);
        }
        return new(own, cuts);

        double NeighbourOf(int i) => i > 0 ? own[i - 1] : own.Length > 1 ? own[1] : own[0];
    }

    /// <summary>How far from the point before to this one the crossing is, 0 to 1.</summary>
    public double FractionAt(int cut)
    {
        var before = Half - Math.Abs(Longitudes[cut - 1]);
        var after = Half - Math.Abs(Longitudes[cut]);
        return before + after == 0 ? 0 : before / (before + after);
    }

    /// <summary>The longitude at which the line before the cut ends; the next begins at its negative.</summary>
    public double EndAt(int cut) => Math.CopySign(Half, Longitudes[cut - 1]);
}
