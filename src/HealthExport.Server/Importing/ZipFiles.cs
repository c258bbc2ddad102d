using System.IO.Compression;

namespace HealthExport.Server.Importing;

/// <summary>The files of a zip that is none of our exports.</summary>
/// <param name="name">As it was named.</param>
/// <param name="zips">Opens it, whenever one of its files is asked for.</param>
sealed class ZipFiles(string path, string name, LastZip zips) : IFileSource
{
    const int LinkType = 0xA000;
    const int TypeMask = 0xF000;

    public IEnumerable<ListedFile> List() => zips.Open(path) switch
    {
        (null, var fault) => [new() { Path = name, Kind = FileKind.Zip, Fault = fault }],
        var (zip, _) => [.. zip.Entries.Select(List).OfType<ListedFile>()],
    };

    ListedFile? List(ZipArchiveEntry entry, int index)
    {
        if (entry.FullName is [.., '/' or '\\']) return null;
        var inside = entry.FullName;
        var listed = new ListedFile
        {
            Path = $"{name}/{inside}",
            Kind = LeadsOut(inside) ? FileKind.Unknown : FileKinds.Of(inside),
            Bytes = entry.Length,
            PackedBytes = entry.CompressedLength,
        };
        if (listed.Kind == FileKind.System) return null;
        if (LeadsOut(inside)) return listed with { WhyNot = "has a name that leads out of the archive" };
        if ((entry.ExternalAttributes >> 16 & TypeMask) == LinkType)
            return listed with { WhyNot = "is a link; links are not followed" };
        if (listed.Kind == FileKind.Zip)
            return listed with { WhyNot = "is a zip within a zip; unpack it and import that" };
        if (listed.Kind == FileKind.Unknown) return listed with { WhyNot = FolderFiles.NotKnown };
        if (entry.IsEncrypted)
            return listed with { Fault = "is encrypted; unpack it with its password and import what comes out" };
        if (entry.Length == 0) return listed with { Fault = "is empty" };
        if (FileSpooling.IsBomb(entry.Length, entry.CompressedLength)) return listed with { Fault = FileSpooling.Bomb };
        return listed with { Open = () => Open(index) };
    }

    CheckedEntry Open(int index)
    {
        var (zip, fault) = zips.Open(path);
        return zip is not null && index < zip.Entries.Count
            ? new(zip.Entries[index])
            : throw new InvalidDataException(fault ?? "The zip is another than it was.");
    }

    static bool LeadsOut(string inside) =>
        inside is [] or ['/' or '\\', ..] or [_, ':', ..] || inside.Split('/', '\\').Contains("..");
}
