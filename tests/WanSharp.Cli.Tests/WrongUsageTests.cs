using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>What can be typed wrong: exit code 2, and one line that names the way out.</summary>
public sealed class WrongUsageTests : IDisposable
{
    private const string OnePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Requests =>
        new()
        {
            { "--frames 16", "The nearest is 17." },
            { "--frames 0", "The nearest is 1." },
            { "--frames -5", "The nearest is 1." },
            { "--frames 1000001", "The nearest is 4097." },
            { "--frames many", "--frames takes a whole number" },
            { "--frames 99999999999", "from 1 to 4097" },
            { "--frames 9 --frames 5", "--frames" },
            { "--seconds 2 --frames 5", "give only one" },
            { "--seconds 0", "outside 0 (excluded) to 512" },
            { "--seconds NaN", "above 0 and up to 4097" },
            { "--size 100x60", "The nearest is 96x64." },
            { "--size 0x64", "The nearest is 16x64." },
            { "--size 99999x64", "The nearest is 8192x64." },
            { "--size 33", "takes WIDTHxHEIGHT in pixels, such as 832x480" },
            { "--size 64x-64", "takes WIDTHxHEIGHT in pixels, such as 832x480" },
            { "--size 8192x8192 --frames 4097", "smaller size or fewer frames" },
            { "--sampler unipx", "rcm, rcm-ode. Did you mean unipc?" },
            { "--sampler heun", "choose unipc" },
            { "--steps 0", "the nearest is 1" },
            { "--steps 1001", "the nearest is 1000" },
            { "--steps 2.5", "--steps takes a whole number" },
            { "--guidance NaN", "from 0 to 100" },
            { "--guidance -1", "the nearest is 0" },
            { "--guidance 1e9", "the nearest is 100" },
            { "--guidance 1,5", "--guidance takes a number such as 4.5" },
            { "--shift 0", "the nearest is 0.01" },
            { "--shift NaN", "from 0.01 to 100" },
            { "--fps 0", "the nearest is 1" },
            { "--fps 121", "the nearest is 120" },
            { "--seed -1", "or random" },
            { "--seed 18446744073709551616", "0 to 18446744073709551615" },
            { "--seed tomorrow", "or random" },
            { "--threads 0", "the nearest is 1" },
            { "--threads -1", "the nearest is 1" },
            { "--threads 100000", "the nearest is 1024" },
            { "--provider gpu", "choose " },
            { "--provider cpuu", "Did you mean cpu?" },
            { "--precision int4", "choose auto, fp32, fp16, bf16, int8. Did you mean int8?" },
            { "--precision int8 --provider webgpu", "The provider 'webgpu' is not available" },
            { "--frame-image first.png", "write N=FILE" },
            { "--style inky", "There is no style 'inky': choose anime, " },
            { "--styles-file mine.json", "name a style of it" },
            { "--stepz 3", "Did you mean --steps?" },
            { "--bogus", "no option '--bogus'" },
            { "--steps", "--steps" },
            { "word", "in quotes" },
        };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Generate_WithAWrongOption_NamesTheWayOut(string options, string expected)
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", "a red circle", "-o", _folder["clip.mp4"], .. options.Split(' ')],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, expected);
        Assert.Empty(_folder.Entries);
    }

    [Theory]
    [InlineData("generate", "the prompt is missing: What the video shows; - reads it from standard input.")]
    [InlineData("generate a --steps", "--steps takes a value (N): write it behind it.")]
    [InlineData("generate a --steps 4 --steps 5", "--steps is there 2 times: give it once.")]
    [InlineData("export", "--output (FOLDER) is missing: The folder to write; new or empty.")]
    [InlineData("jobs", "name what to do: wan jobs list, wan jobs cancel, wan jobs retry.")]
    [InlineData("compare clip.mp4", "the reference is missing: ")]
    [InlineData("generate a --lora ink:abc", "'abc' is not a strength: write a number, such as ink:0.8, or leave it out for 1.")]
    [InlineData("batch --resume out --model shapes", "The batch in out keeps the settings it was started with: drop --model")]
    [InlineData("batch --resume out --steps 4", "drop --steps")]
    [InlineData("batch --resume out -o other", "drop --output")]
    public async Task WhatIsMissingOrTooMuch_IsSaidInOurWords(string command, string expected)
    {
        var run = await CommandLineRun.RunAsync(command.Split(' '), cancellationToken: TestContext.Current.CancellationToken);

        run.AssertFailed(ExitCode.WrongUsage, expected);
    }

    [Fact]
    public async Task ALoraThatIsNotThere_NamesThoseThatAre()
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", "a", "--lora", "nothing-like-it", "-o", _folder["clip.mp4"]],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.Failed, "does not contain it; found there: distilled, ink, ");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \t ")]
    public async Task Generate_WithAnEmptyPrompt_SaysWhatAPromptIs(string prompt)
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", prompt, "-o", _folder["clip.mp4"]],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, "The prompt is empty");
        Assert.Empty(_folder.Entries);
    }

    [Fact]
    public async Task Generate_WithAnEmptyPromptOnStandardInput_SaysWhatAPromptIs()
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", "-", "-o", _folder["clip.mp4"]],
            input: "\n\n",
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, "The prompt is empty");
    }

    [Fact]
    public async Task Generate_WithAPromptThatIsTooLong_SaysHowLongItMayBe()
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", "-", "-o", _folder["clip.mp4"]],
            input: new string('x', 1 << 20),
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, "longer than 8192 characters");
    }

    [Theory]
    [InlineData("clip.avi", ".mp4, .webm, .gif, .webp, .mkv (lossless), .png")]
    [InlineData("clip", ".mp4, .webm, .gif, .webp, .mkv (lossless), .png")]
    [InlineData("", "is a folder")]
    public async Task Generate_ToWhatIsNoFormat_ListsTheFormats(string name, string expected)
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", "a red circle", "-o", Path.TrimEndingDirectorySeparator(_folder[name])],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, expected);
        Assert.Empty(_folder.Entries);
    }

    [Theory]
    [InlineData("", "name a command: generate, ")]
    [InlineData("generat x", "Did you mean generate?")]
    [InlineData("frobnicate", "no command 'frobnicate'")]
    [InlineData("generate", "the prompt is missing: ")]
    [InlineData("inspect", "the file is missing: ")]
    [InlineData("export -o x --lowering best", "write plain or fused")]
    [InlineData("inspect a.mp4 b.mp4", "'b.mp4'")]
    [InlineData("selftest --provider gpu", "choose ")]
    [InlineData("selftest --threads 0", "the nearest is 1")]
    public async Task Wan_WithAWrongCommandLine_NamesTheWayOut(string commandLine, string expected)
    {
        var run = await CommandLineRun.RunAsync(
            commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, expected);
    }

    /// <summary>What a clip is made from is not lost to it.</summary>
    [Theory]
    [InlineData("generate", "x", "--image", "IN", "-o", "IN")]
    [InlineData("generate", "x", "--image", "IN", "-o", "OUT", "--preview", "IN")]
    [InlineData("generate", "x", "--model", "shapes", "--control", "IN@0-4", "-o", "OTHER")]
    [InlineData("extend", "IN", "it stops", "-o", "OTHER")]
    [InlineData("compare", "OUT", "IN", "--report", "OTHER")]
    public async Task AnOutputThatIsAnInput_IsRefused(params string[] command)
    {
        var (own, link) = (_folder["in.png"], _folder["link.png"]);
        await File.WriteAllBytesAsync(own, Convert.FromBase64String(OnePixel), TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(link, own);
        var before = await File.ReadAllBytesAsync(own, TestContext.Current.CancellationToken);

        var run = await CommandLineRun.RunAsync(
            [
                .. command.Select(word =>
                    word.Replace("IN", own, StringComparison.Ordinal)
                        .Replace("OTHER", link, StringComparison.Ordinal)
                        .Replace("OUT", _folder["out.mp4"], StringComparison.Ordinal)
                ),
            ],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.WrongUsage, "is an input, and would be written over");
        Assert.Equal(before, await File.ReadAllBytesAsync(own, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();
}
