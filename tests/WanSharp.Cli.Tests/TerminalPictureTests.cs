using WanSharp.Cli.Terminal.Pictures;
using WanSharp.Engine;
using WanSharp.Media.Images;

namespace WanSharp.Cli.Tests;

public sealed class TerminalPictureTests
{
    private static readonly RgbImage RedOverBlue = new(1, 2, [255, 0, 0, 0, 0, 255]);

    [Theory]
    [InlineData("Kitty", "TERM=xterm-kitty")]
    [InlineData("Kitty", "TERM=xterm-256color", "TERM_PROGRAM=ghostty")]
    [InlineData("Iterm2", "TERM=xterm-256color", "TERM_PROGRAM=iTerm.app")]
    [InlineData("Iterm2", "TERM=xterm-256color", "TERM_PROGRAM=WezTerm")]
    [InlineData("Sixel", "TERM=foot")]
    [InlineData("HalfBlocks", "TERM=xterm-256color")]
    [InlineData("HalfBlocks")]
    public void Detect_ByTheEnvironment_TellsTheProtocol(string protocol, params string[] variables)
    {
        var known = variables.Select(variable => variable.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);

        Assert.Equal(protocol, TerminalPicture.Detect(name => known.GetValueOrDefault(name)).ToString());
    }

    [Fact]
    public void Of_HalfBlocks_IsTwoPixelsInACharacter() =>
        Assert.Equal(
            "\e[38;2;255;0;0;48;2;0;0;255m▀\e[0m",
            TerminalPicture.Of(RedOverBlue, PictureProtocol.HalfBlocks, columns: 1, rows: 1)
        );

    [Fact]
    public void Of_Kitty_IsRgbInChunks()
    {
        Assert.Equal(
            "\e_Ga=T,f=24,i=1,q=2,C=1,s=1,v=2,c=3,r=4,m=0;/wAAAAD/\e\\",
            TerminalPicture.Of(RedOverBlue, PictureProtocol.Kitty, columns: 3, rows: 4)
        );
        var large = TerminalPicture.Of(new RgbImage(64, 64, new byte[64 * 64 * 3]), PictureProtocol.Kitty, columns: 3, rows: 4);
        Assert.Equal(4, large.Split("\e_G").Length - 1); // 16384 characters of base64
        Assert.Contains("\e_Gm=0;", large, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Sixel_HasAPaletteAndABandOfSixRows() =>
        Assert.Equal(
            "\eP0;1q\"1;1;1;2#5;2;0;0;100#180;2;100;0;0#5A$#180@$-\e\\",
            TerminalPicture.Of(RedOverBlue, PictureProtocol.Sixel, columns: 1, rows: 1)
        );

    [Fact]
    public void Of_Iterm2_IsABitmapFile()
    {
        var text = TerminalPicture.Of(RedOverBlue, PictureProtocol.Iterm2, columns: 3, rows: 4);

        Assert.StartsWith("\e]1337;File=inline=1;size=62;width=3;height=4;preserveAspectRatio=0:Qk0", text, StringComparison.Ordinal);
        Assert.EndsWith("\a", text, StringComparison.Ordinal);
        Assert.Equal([255, 0, 0, 0, 0, 0, 255, 0], BitmapFile.Of(RedOverBlue)[^8..]); // blue, green, red; rows from below
    }

    [Fact]
    public void Of_AnEnlargedPicture_KeepsEvenColoursAndMixesBetween()
    {
        var even = Enlarged.Of(new RgbImage(1, 1, [7, 8, 9]), 3);
        Assert.All(even.Pixels.Index(), pixel => Assert.Equal(7 + (pixel.Index % 3), pixel.Item));

        var mixed = Enlarged.Of(new RgbImage(2, 1, [0, 0, 0, 100, 100, 100]), 2);
        Assert.Equal([0, 25, 75, 100], Enumerable.Range(0, 4).Select(x => (int)mixed.Pixels[3 * x]));
    }

    [Fact]
    public async Task Show_InATerminal_StaysInItsPlace()
    {
        using var error = new StringWriter();
        var screen = new PreviewScreen(
            new Terminal.CliEnvironment
            {
                Out = TextWriter.Null,
                Error = error,
                Input = Stream.Null,
                IsInteractive = true,
                Variable = _ => null,
                Clock = TimeProvider.System,
            },
            PictureProtocol.HalfBlocks
        );
        var frames = new PreviewFrames(1, 2, 4, 4, 2, [new byte[48], new byte[48]]);

        await screen.ShowAsync(frames, TestContext.Current.CancellationToken);
        var first = error.ToString();
        await screen.ShowAsync(frames, TestContext.Current.CancellationToken);
        var second = error.ToString()[first.Length..];

        var rows = first.Count(c => c == '\n') - 11; // the room, and the ends of all rows but the last
        Assert.Equal(12, rows);
        Assert.StartsWith("\r\e[K\e[12A\e7", second, StringComparison.Ordinal);
        Assert.EndsWith("\e8\e[12B\r", second, StringComparison.Ordinal);
    }
}
