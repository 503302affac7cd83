using System.Buffers.Binary;

namespace WanSharp.Media.Images;

/// <summary>Tells whether a JPEG has its end: decoders fill what is missing with gray and say nothing.</summary>
internal static class JpegEnd
{
    private const byte Mark = 0xFF,
        Stuffing = 0,
        EndOfImage = 0xD9,
        StartOfScan = 0xDA;

    /// <summary>Checks that the marker of the end comes after the pixels.</summary>
    /// <param name="file">The JPEG, which can seek, and buffers.</param>
    /// <exception cref="EndOfStreamException">It does not.</exception>
    public static void Require(Stream file)
    {
        file.Position = 2;
        Span<byte> two = stackalloc byte[2];
        for (var kind = NextMarker(file); kind != EndOfImage; kind = NextMarker(file))
        {
            if (kind is Stuffing or 1 or (>= 0xD0 and <= 0xD8))
            {
                continue; // without data: a letter of the pixels, a restart, a start
            }

            file.ReadExactly(two);
            var length = BinaryPrimitives.ReadUInt16BigEndian(two) - two.Length;
            if (length > 0 && kind != StartOfScan)
            {
                file.Seek(length, SeekOrigin.Current);
            }
        }
    }

    private static int NextMarker(Stream file)
    {
        while (ReadByte(file) != Mark) { }

        int kind;
        do
        {
            kind = ReadByte(file);
        } while (kind == Mark); // any number of them may fill

        return kind;
    }

    private static int ReadByte(Stream file) => file.ReadByte() is >= 0 and var value ? value : throw new EndOfStreamException();
}
