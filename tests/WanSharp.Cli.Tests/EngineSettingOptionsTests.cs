using System.CommandLine;

namespace WanSharp.Cli.Tests;

/// <summary>What computes a clip is asked for in the same words by every command that makes clips.</summary>
public sealed class EngineSettingOptionsTests
{
    /// <summary>Options of <c>wan generate</c> that another command has no use for, by the command; all others it has, too.</summary>
    public static TheoryData<string, string[]> Commands =>
        new()
        {
            { "batch", [] },
            { "film", [] },
            { "extend", [] },
            { "serve", [] },
            { "mcp", [] },
            { "doctor", [] },
            { "profile", [] },
            { "optimize", ["--precision"] }, // it is searched
            { "quantize", ["--provider", "--provider-option", "--precision", "--compile", "--compile-mode", "--dynamic", "--lora-mode"] },
            { "plan", ["--provider", "--provider-option"] }, // what is predicted is the processor's
        };

    [Theory]
    [MemberData(nameof(Commands))]
    public void Options_OfACommandThatMakesClips_AreThoseOfGenerate(string command, string[] without)
    {
        var ofEngine = new Command("engine");
        new Cli.Commands.EngineSettingOptions().AddTo(ofEngine);

        Assert.Equal(
            ofEngine.Options.Select(option => option.Name).Except(without).Order(),
            ofEngine.Options.Select(option => option.Name).Intersect(NamesOf(command)).Order()
        );
    }

    private static IEnumerable<string> NamesOf(string command) =>
        WanApp.Build(SilentEnvironment.Create()).Subcommands.Single(child => child.Name == command).Options.Select(option => option.Name);
}
