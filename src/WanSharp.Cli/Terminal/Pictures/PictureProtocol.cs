namespace WanSharp.Cli.Terminal.Pictures;

/// <summary>How a terminal shows pictures.</summary>
internal enum PictureProtocol
{
    /// <summary>Two pixels in a character, by its colour and its background: any terminal of 24-bit colours.</summary>
    HalfBlocks,

    /// <summary>Sixel: foot, mlterm, contour, xterm with -ti vt340.</summary>
    Sixel,

    /// <summary>Kitty's graphics protocol: kitty, ghostty.</summary>
    Kitty,

    /// <summary>iTerm2's inline images: iTerm2, WezTerm, VS Code.</summary>
    Iterm2,
}
