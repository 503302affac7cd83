using System.Text;
using WanSharp.Cli.Terminal;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A prompt that is piped in is read in the encoding that it is in, or refused: never guessed.</summary>
public sealed class PromptInputTests : IDisposable
{
    private const string Prompt = "un café, 一个红色圆形";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[]> Readable =>
        new()
        {
            { "UTF-8", Encoding.UTF8.GetBytes(Prompt) },
            { "UTF-8 with a mark and a line's end", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Prompt + "\r\n")] },
            { "UTF-16", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Prompt)] },
            { "UTF-16, big-endian", [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(Prompt)] },
            { "UTF-32", [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes(Prompt)] },
        };

    public static TheoryData<string, byte[]> Unreadable =>
        new()
        {
            { "Latin-1", Encoding.Latin1.GetBytes("un café") },
            { "UTF-16 without a mark", Encoding.Unicode.GetBytes("a red circle") },
            { "cut in a letter", Encoding.UTF8.GetBytes("é")[..1] },
            { "NUL", [(byte)'a', 0, (byte)'b'] },
            { "half of a letter of UTF-16", [.. Encoding.Unicode.Preamble, 0x3D, 0xD8] },
        };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Readable))]
    public async Task Generate_FromStandardInput_ReadsThePrompt(string encoding, byte[] input)
    {
        using var error = new StringWriter();
        using var stream = new MemoryStream(input);

        var exitCode = await WanApp.RunAsync(
            ["generate", "-", .. ProcessRun.Quick, "-o", _folder["clip.png"]],
            CliEnvironment.FromProcess() with
            {
                Out = TextWriter.Null,
                Error = error,
                Input = stream,
                IsInteractive = false,
            },
            TestContext.Current.CancellationToken
        );

        Assert.True(exitCode == ExitCode.Done, $"{encoding}: {error}");
        await AssertMadeAsync("clip.png");
    }

    [Fact]
    public async Task Generate_FromAPipe_ReadsThePrompt()
    {
        var run = await ProcessRun.RunAsync(
            ProcessRun.Wan,
            ["generate", "-", .. ProcessRun.Quick, "-o", _folder["clip.mp4"]],
            input: [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Prompt + "\r\n")]
        );

        Assert.True(run.ExitCode == 0, run.Error);
        await AssertMadeAsync("clip.mp4");
    }

    [Theory]
    [MemberData(nameof(Unreadable))]
    public async Task Generate_FromWhatIsNoText_Refuses(string encoding, byte[] input)
    {
        using var error = new StringWriter();
        using var stream = new MemoryStream(input);

        var exitCode = await WanApp.RunAsync(
            ["generate", "-", "-o", _folder["clip.mp4"]],
            CliEnvironment.FromProcess() with
            {
                Error = error,
                Input = stream,
            },
            TestContext.Current.CancellationToken
        );

        Assert.True(exitCode == ExitCode.WrongUsage, encoding);
        Assert.StartsWith("wan: standard input:1:", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    private async Task AssertMadeAsync(string clip)
    {
        var inspected = await CommandLineRun.RunAsync(
            ["inspect", _folder[clip], "--json"],
            cancellationToken: TestContext.Current.CancellationToken
        );

        Assert.Contains($"\"{Prompt}\"", inspected.Out, StringComparison.Ordinal);
    }
}
