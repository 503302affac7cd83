using System.Buffers.Binary;

namespace WanSharp.Media.Metadata;

/// <summary>
/// The container of WebP: RIFF chunks of a name, a length and data, padded to even (RFC 9649, 2.3). Both halves of ours are
/// here, what is written and what is found again.
/// </summary>
internal static class WebpFile
{
    /// <summary>The longest side that a frame may have.</summary>
    public const int MaxSide = 16383;

    /// <summary>The signature: "RIFF", a length, "WEBP".</summary>
    public const int SignatureLength = 12;

    private const int ChunkHead = 8;
    private const int MaxTextLength = 1 << 20;
    private const int MostChunks = 100_000;

    /// <summary>Whether a file that begins so is one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start) =>
        start.Length >= SignatureLength && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBP"u8);

    /// <summary>The settings in a file's XMP, or null.</summary>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    public static string? ReadSettings(Stream webp)
    {
        webp.Position = SignatureLength;
        Span<byte> head = stackalloc byte[ChunkHead];
        for (var count = 0; count < MostChunks && webp.Position < webp.Length; count++)
        {
            webp.ReadExactly(head);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            if (length > webp.Length - webp.Position)
            {
                throw new EndOfStreamException();
            }

            if (head.StartsWith("XMP "u8) && length <= MaxTextLength)
            {
                var xmp = new byte[length];
                webp.ReadExactly(xmp);
                return XmpPacket.Read(xmp);
            }

            webp.Seek(length + (length % 2), SeekOrigin.Current);
        }

        return null;
    }

    /// <summary>Whether there is a second frame.</summary>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    public static bool HasSeveral(Stream webp)
    {
        webp.Position = SignatureLength;
        Span<byte> head = stackalloc byte[ChunkHead];
        for (var frames = 0; webp.Position < webp.Length; )
        {
            webp.ReadExactly(head);
            if (head.StartsWith("ANMF"u8) && ++frames > 1)
            {
                return true;
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            webp.Seek(length + (length % 2), SeekOrigin.Current);
        }

        return false;
    }

    /// <summary>The texts in a file's XMP and EXIF.</summary>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    public static IReadOnlyList<EmbeddedText> ReadTexts(Stream webp)
    {
        webp.Position = SignatureLength;
        List<EmbeddedText> texts = [];
        var head = new byte[ChunkHead];
        for (var count = 0; count < MostChunks && webp.Position < webp.Length; count++)
        {
            webp.ReadExactly(head);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
            if (length > webp.Length - webp.Position)
            {
                throw new EndOfStreamException();
            }

            var next = webp.Position + length + (length % 2);
            var isExif = head.AsSpan().StartsWith("EXIF"u8);
            if ((isExif || head.AsSpan().StartsWith("XMP "u8)) && length <= EmbeddedTexts.MostBytes)
            {
                var data = new byte[length];
                webp.ReadExactly(data);
                texts.AddRange(
                    isExif ? ExifTexts.Read(data)
                    : XmpPacket.Read(data) is { } description ? [new EmbeddedText("description", description)]
                    : []
                );
            }

            webp.Position = next;
        }

        return texts;
    }

    /// <summary>Writes a chunk.</summary>
    /// <param name="webp">Where to.</param>
    /// <param name="name">Four letters.</param>
    /// <param name="data">Its data, in parts.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    public static async Task WriteChunkAsync(
        Stream webp,
        ReadOnlyMemory<byte> name,
        IReadOnlyList<ReadOnlyMemory<byte>> data,
        CancellationToken cancellationToken
    )
    {
        var length = data.Sum(part => part.Length);
        var head = new byte[ChunkHead];
        name.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), length);
        await webp.WriteAsync(head, cancellationToken).ConfigureAwait(false);
        foreach (var part in data)
        {
            await webp.WriteAsync(part, cancellationToken).ConfigureAwait(false);
        }

        if (length % 2 != 0)
        {
            await webp.WriteAsync(new byte[1], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The chunks with the pixels of a still picture, heads and padding included.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public static ReadOnlyMemory<byte> PixelsOf(ReadOnlyMemory<byte> still)
    {
        for (var at = SignatureLength; at + ChunkHead <= still.Length; )
        {
            var head = still.Span.Slice(at, ChunkHead);
            var length = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
            var next = checked(at + ChunkHead + length + (length % 2));
            if (head.StartsWith("VP8 "u8) || head.StartsWith("VP8L"u8))
            {
                return still[at..Math.Min(next, still.Length)];
            }

            at = next;
        }

        throw new InvalidDataException("Skia gave a WebP without pixels.");
    }
}
