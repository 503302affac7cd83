using WanSharp.Cli.Terminal;

namespace WanSharp.Cli.Tests;

/// <summary>A command line means what it says: the parser reads nothing into it.</summary>
public sealed class PlainParsingTests
{
    [Theory]
    [InlineData("@alice walks to the left")]
    [InlineData("@prompt.txt")]
    [InlineData("true")]
    [InlineData("[suggest]")]
    [InlineData("/h")]
    [InlineData("/?")]
    [InlineData("plan")]
    [InlineData("- a list, of one")]
    [InlineData("-")]
    [InlineData("%s $HOME `id` \\n")]
    [InlineData("--size=a")]
    [InlineData("\u2014 a list, of one")]
    [InlineData("\u2014Alice walks")]
    public void Generate_WithAnyPrompt_TakesItAsItIs(string prompt)
    {
        string[][] lines = prompt.StartsWith("--", StringComparison.Ordinal)
            ?
            [
                ["generate", "--", prompt],
                ["generate", "--json", "--", prompt],
            ]
            :
            [
                ["generate", prompt],
                ["generate", "--json", prompt],
                ["generate", "-o", "x.mp4", prompt, "--verbose"],
                ["generate", "--", prompt],
            ];
        foreach (var line in lines)
        {
            AssertTakes(line, "prompt", prompt);
        }
    }

    /// <summary>A prompt that nobody meant makes a clip that nobody wants.</summary>
    [Theory]
    [InlineData(
        "generate --setps",
        "there is no option '--setps'. Did you mean --steps? Text or names that begin with - go to the end, after --."
    )]
    [InlineData("generate --version", "there is no option '--version'")]
    [InlineData("generate -oclip.mp4", "there is no option '-oclip.mp4'")]
    [InlineData("generate cat --negative --json", "--negative takes a value, and --json is an option: write --negative=--json")]
    [InlineData("generate cat -o --verbose", "-o takes a value, and --verbose is an option")]
    [InlineData("[suggest] generate", "there is no command '[suggest]'")]
    [InlineData("[diagram] generate cat", "there is no command '[diagram]'")]
    [InlineData("[env:A=B] generate cat", "there is no command '[env:A=B]'")]
    [InlineData("inspect -y.mp4", "there is no option '-y.mp4'")]
    [InlineData("@args.txt", "there is no command '@args.txt'")]
    [InlineData("-mx generate", "there is no option '-mx'")]
    [InlineData("generate cat \u2013-seed 5", "begins with a long dash (U+2013), as programs for text put it: write --seed.")]
    [InlineData("generate \u2014seed=5 cat", "write --seed.")]
    [InlineData("generate cat \u2212o a.mp4", "write -o.")]
    public async Task Run_OfWhatIsNoOptionAndNoCommand_SaysSo(string line, string expected)
    {
        var run = await CommandLineRun.RunAsync(line.Split(' '), cancellationToken: TestContext.Current.CancellationToken);

        run.AssertFailed(ExitCode.WrongUsage, expected);
    }

    [Theory]
    [InlineData("--negative=--json", "--negative", "--json")]
    [InlineData("--output:-y.mp4", "--output", "-y.mp4")]
    [InlineData("-o -y.mp4", "--output", "-y.mp4")]
    [InlineData("--negative -bad", "--negative", "-bad")]
    public void Generate_WithAnOptionsValueThatLooksLikeAnOption_TakesIt(string options, string name, string expected) =>
        AssertTakes(["generate", "a cat", .. options.Split(' ')], name, expected);

    private static void AssertTakes(string[] args, string name, string expected)
    {
        var parsed = PlainParsing.Parse(WanApp.Build(CliEnvironment.FromProcess()), args);

        Assert.Null(UsageError.Find(parsed, args));
        Assert.Equal(expected, parsed.GetValue<string>(name));
    }
}
