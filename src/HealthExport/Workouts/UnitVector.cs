namespace HealthExport.Workouts;

/// <summary>A place on the sphere as the vector of length one that points there, or a sum or product of such.</summary>
readonly record struct UnitVector(double X, double Y, double Z)
{
    public double Length => Math.Sqrt(Dot(this));

    public static UnitVector At(double latitude, double longitude)
    {
        var (sinLatitude, cosLatitude) = Math.SinCos(double.DegreesToRadians(latitude));
        var (sinLongitude, cosLongitude) = Math.SinCos(double.DegreesToRadians(longitude));
        return new(cosLatitude * cosLongitude, cosLatitude * sinLongitude, sinLatitude);
    }

    public double Dot(UnitVector other) => X * other.X + Y * other.Y + Z * other.Z;

    public UnitVector Cross(UnitVector other) =>
        new(Y * other.Z - Z * other.Y, Z * other.X - X * other.Z, X * other.Y - Y * other.X);

    /// <summary>Radians; exact for the smallest angles and for those near π (Kahan).</summary>
    public double AngleTo(UnitVector other) => 2 * Math.Atan2((this - other).Length, (this + other).Length);

    public static UnitVector operator +(UnitVector a, UnitVector b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);
    public static UnitVector operator -(UnitVector a, UnitVector b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);
    public static UnitVector operator *(UnitVector a, double factor) => new(a.X * factor, a.Y * factor, a.Z * factor);
}
