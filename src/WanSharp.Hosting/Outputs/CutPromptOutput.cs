using WanSharp.Engine.Planning;

namespace WanSharp.Hosting.Outputs;

/// <summary>A prompt that is longer than the model reads.</summary>
/// <param name="Prompt"><c>prompt</c> or <c>negative</c>.</param>
/// <param name="Tokens">Its length in tokens.</param>
/// <param name="TokensRead">How many of them the model reads.</param>
/// <param name="IgnoredFrom">Where the ignored text begins: its first words.</param>
public sealed record CutPromptOutput(string Prompt, int Tokens, int TokensRead, string IgnoredFrom)
{
    /// <summary>The prompts that are longer than the model reads, as output.</summary>
    public static IReadOnlyList<CutPromptOutput> From(IReadOnlyList<CutPrompt> prompts) =>
        [
            .. prompts.Select(prompt => new CutPromptOutput(
                prompt.IsNegative ? "negative" : "prompt",
                prompt.Tokens,
                prompt.Read,
                prompt.Ignored
            )),
        ];
}
