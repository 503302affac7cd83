using WanSharp.Media.Metadata;

namespace WanSharp.Media.Images;

/// <summary>
/// Makes the first picture of a GIF opaque, as Pillow's <c>convert("RGB")</c> does: transparent pixels have the colour that the
/// palette gives them.
/// </summary>
internal static class GifStart
{
    private const byte Extension = 0x21,
        GraphicControl = 0xF9,
        Image = 0x2C,
        HasTransparency = 1;
    private const int ScreenLength = 13; // signature and screen: the flags of the colour table are at 10
    private const int ImageLength = 10;
    private const int ControlLength = 8; // with its introducer and its end

    /// <summary>Takes the transparency off, in place.</summary>
    /// <param name="gif">A GIF whose first picture is there: <see cref="GifComment.RequirePicture"/>.</param>
    /// <returns>The colour of the canvas where the picture does not reach.</returns>
    public static (byte Red, byte Green, byte Blue) MakeOpaque(Span<byte> gif)
    {
        var globalTable = TableLength(gif[10]);
        var (at, transparent) = (ScreenLength + globalTable, 0);
        while (gif[at] == Extension)
        {
            if (gif[at + 1] == GraphicControl && gif[at + 2] == ControlLength - 4)
            {
                transparent = (gif[at + 3] & HasTransparency) != 0 ? gif[at + 6] : 0;
                gif[at + 3] &= unchecked((byte)~HasTransparency);
            }

            for (at += 2; gif[at] != 0; at += gif[at] + 1) { }

            at++;
        }

        if (gif[at] != Image)
        {
            return default;
        }

        var localTable = TableLength(gif[at + ImageLength - 1]);
        var table = localTable > 0 ? gif.Slice(at + ImageLength, localTable) : gif.Slice(ScreenLength, globalTable);
        var colour = 3 * transparent;
        return colour + 3 <= table.Length ? (table[colour], table[colour + 1], table[colour + 2]) : default;
    }

    private static int TableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
}
