namespace HealthExport.Totals;

/// <summary>
/// A sum that carries along what each addition rounded off (Neumaier's variant of Kahan's), so that 1,440 minutes of
/// 0.1 make 144 and the order of the rows does not show.
/// </summary>
struct CompensatedSum
{
    double _sum;
    double _lost;

    public CompensatedSum(double start) => _sum = start;

    public readonly double Value => _sum + _lost;

    public void Add(double value)
    {
        var sum = _sum + value;
        _lost += Math.Abs(_sum) >= Math.Abs(value) ? _sum - sum + value : value - sum + _sum;
        _sum = sum;
    }

    public void Add(in CompensatedSum other)
    {
        Add(other._sum);
        _lost += other._lost;
    }
}
