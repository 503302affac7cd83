using System.Text;

namespace WanSharp.Media.Metadata;

/// <summary>
/// The comment in a GIF: a comment extension before the trailer (GIF89a specification, 24). ffmpeg writes none.
/// </summary>
internal static class GifComment
{
    private const byte Extension = 0x21,
        CommentLabel = 0xFE,
        Image = 0x2C,
        Trailer = 0x3B;
    private const int BlockLength = 255;
    private const int MaxTextLength = 1 << 20;

    public static ReadOnlySpan<byte> Signature => "GIF8"u8;

    public static async Task AddAsync(string file, string text, CancellationToken cancellationToken)
    {
        var gif = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        await using var gifEnd = gif.ConfigureAwait(false);
        gif.Seek(-1, SeekOrigin.End);
        if (gif.ReadByte() != Trailer)
        {
            throw new MediaException($"{file} does not end like a gif.");
        }

        using var comment = new MemoryStream();
        comment.Write([Extension, CommentLabel]);
        foreach (var block in Encoding.UTF8.GetBytes(text).Chunk(BlockLength))
        {
            comment.WriteByte((byte)block.Length);
#pragma warning disable VSTHRD103 // into memory
            comment.Write(block);
#pragma warning restore VSTHRD103
        }

        comment.Write([0, Trailer]);
        gif.Seek(-1, SeekOrigin.End);
        await gif.WriteAsync(comment.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The last comment, or null.</summary>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    /// <exception cref="MediaException">The file is damaged.</exception>
    public static string? Read(Stream gif, string path) => Read(gif, path, mostPictures: int.MaxValue).Comment;

    /// <summary>Checks that the first picture does not end early, which decoders forgive.</summary>
    /// <exception cref="EndOfStreamException">It does.</exception>
    /// <exception cref="MediaException">The file is damaged.</exception>
    public static void RequirePicture(Stream gif, string path) => Read(gif, path, mostPictures: 1);

    /// <summary>Whether there is a second picture.</summary>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    /// <exception cref="MediaException">The file is damaged.</exception>
    public static bool HasSeveral(Stream gif, string path) => Read(gif, path, mostPictures: 2).Pictures > 1;

    private static (string? Comment, int Pictures) Read(Stream gif, string path, int mostPictures)
    {
        var (comment, pictures) = ((string?)null, 0);
        Span<byte> screen = stackalloc byte[13]; // signature and screen: the flags of the colour table are at 10
        gif.ReadExactly(screen);
        Skip(gif, TableLength(screen[10]));
        Span<byte> image = stackalloc byte[9];
        while (ReadByte(gif) is var kind && kind != Trailer)
        {
            switch (kind)
            {
                case Extension when ReadByte(gif) == CommentLabel:
                    comment = Encoding.UTF8.GetString(Blocks(gif, keep: true, path));
                    break;
                case Extension:
                    Blocks(gif, keep: false, path);
                    break;
                case Image:
                    gif.ReadExactly(image);
                    Skip(gif, TableLength(image[8]) + 1); // its own colour table, and the code size
                    Blocks(gif, keep: false, path);
                    if (++pictures == mostPictures)
                    {
                        return (comment, pictures);
                    }

                    break;
                default:
                    throw new MediaException($"{path} is damaged: there is no gif block of kind {kind}.");
            }
        }

        return (comment, pictures);
    }

    private static byte[] Blocks(Stream gif, bool keep, string path)
    {
        using var text = new MemoryStream();
        Span<byte> block = stackalloc byte[BlockLength];
        while (ReadByte(gif) is var length and > 0)
        {
            gif.ReadExactly(block[..length]);
            if (keep)
            {
                text.Write(block[..length]);
            }

            if (text.Length > MaxTextLength)
            {
                throw new MediaException($"{path} has a comment of over {MaxTextLength} bytes, which is not one of ours.");
            }
        }

        return text.ToArray();
    }

    private static int TableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static int ReadByte(Stream gif) => gif.ReadByte() is var value and >= 0 ? value : throw new EndOfStreamException();

    private static void Skip(Stream gif, int count) => gif.Seek(count, SeekOrigin.Current);
}
