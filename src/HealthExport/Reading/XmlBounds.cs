using System.Xml;
using HealthExport.Memory;

namespace HealthExport.Reading;

/// <summary>A file of XML is beyond what may be held in memory of it. The message says in what.</summary>
sealed class XmlBoundException(string what) : Exception(what);

/// <summary>
/// What an <see cref="XmlReader"/> holds in memory however large the file is: the tag in work, each element around it, and
/// every name it ever met. Each is bounded by far more than a file of positions has.
/// </summary>
static class XmlBounds
{
    /// <summary>Elements around an element.</summary>
    public const int MostDepth = 32;

    /// <summary>The names of elements, attributes and namespaces of one file.</summary>
    public sealed class Names : NameTable
    {
        const int Most = 4096;
        const int MostCharacters = 1 << 18;

        int _names;
        int _characters;

        public override string Add(string key)
        {
            if (Get(key) is { } known) return known;
            Count(key.Length);
            return base.Add(key);
        }

        public override string Add(char[] key, int start, int len)
        {
            if (Get(key, start, len) is { } known) return known;
            Count(len);
            return base.Add(key, start, len);
        }

        void Count(int length)
        {
            _characters += length;
            if (++_names > Most || _characters > MostCharacters)
                throw new XmlBoundException("The file has too many different names");
        }
    }

    /// <summary>Ends the reading where a tag does not end for a mebibyte: it would be held whole.</summary>
    public sealed class Tags(Stream file) : ForwardStream
    {
        const int LongestTag = 1 << 20;

        long _sinceTag;

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer);
            var last = buffer[..read].LastIndexOf((byte)'<');
            _sinceTag = last < 0 ? _sinceTag + read : read - last;
            return _sinceTag > LongestTag
                ? throw new XmlBoundException($"The file has a tag, or a text, of more than {LongestTag} bytes") : read;
        }
    }
}
