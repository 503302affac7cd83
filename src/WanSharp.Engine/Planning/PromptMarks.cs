using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Planning;

/// <summary>
/// Says what stands in a prompt that other programs read as something else than text: here it goes to the text encoder letter by letter.
/// </summary>
/// <remarks>Sources: Comfy-Org/ComfyUI:comfy/sd1_clip.py; mcmonkeyprojects/SwarmUI:docs/Features/Prompt Syntax.md;
/// adieyal/sd-dynamic-prompts:docs/SYNTAX.md.</remarks>
internal static partial class PromptMarks
{
    private const int LongestShown = 60;

    private static readonly (Regex Form, string What)[] Forms =
    [
        (Weight(), "a weight of ComfyUI's and A1111's kind, and is text here, digits and all: write the words alone"),
        (Mark(), "a mark of SwarmUI's kind, and is text here: write what it stands for"),
        (Embedding(), "a file of learned words in ComfyUI, and is text here: leave it out"),
        (Escape(), "a letter as JSON and programs write it, and is text here, backslash and all: write the letter itself"),
        (Address(), "text as addresses have it, and is text here, percent signs and all: write spaces and letters themselves"),
        (Turns(), "a change of words during the steps in A1111, and is text here: write one of them"),
        (Break(), "a mark of A1111's between parts, and is text here: leave it out"),
        (Wildcard(), "a choice from a file, which only wan batch makes, and is text here: write one of them"),
        (Label(), "a label of a list of prompts, and is text here: leave it out, unless the prompt is to have it"),
        (Choice(), "a choice of one, which only wan batch makes, and is text here: write one of them"),
    ];

    /// <summary>A line for each form that is there.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="negative">The negative prompt; null for the model's.</param>
    public static IEnumerable<string> NotesOf(string prompt, string? negative)
    {
        string[] prompts = [prompt, negative ?? ""];
        var notes =
            from form in Forms
            let found = prompts.Select(text => form.Form.Match(text)).FirstOrDefault(match => match.Success)
            where found is not null
            select $"'{Cut(found.Value)}' in the prompt is {form.What}.";
        return PromptText.IsNone(prompts[1])
            ? notes.Append($"The negative prompt '{prompts[1].Trim()}' is taken for none: it is not read as a word.")
            : notes;
    }

    private static string Cut(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "…";

    // A ratio such as (16:9) has a digit before its colon, too.
    [GeneratedRegex(@"\((?:[^()\\]|\\.|\([^()]*\))*(?<=[^(\d\s]\s*):\s*(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\)")]
    private static partial Regex Weight();

    [GeneratedRegex(@"<[A-Za-z][A-Za-z0-9_]*(?:\[[^<>\]]*\])?:[^<>]*>")]
    private static partial Regex Mark();

    [GeneratedRegex(@"(?<![A-Za-z])embedding:[^\s,()]+")]
    private static partial Regex Embedding();

    [GeneratedRegex(@"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt](?![a-z]))|(?<=[^\s\\])\\n")]
    private static partial Regex Escape();

    [GeneratedRegex("^[^ ]*%(?:20|[2-7C-F][0-9A-F])[^ ]*%[0-9A-F]{2}[^ ]*$")]
    private static partial Regex Address();

    [GeneratedRegex(@"\[[^][:|]*(?::[^][:|]*:\s*[0-9.]+|(?:\|[^][:|]*)+)\]")]
    private static partial Regex Turns();

    [GeneratedRegex(@"(?<![\w])BREAK(?![\w])")]
    private static partial Regex Break();

    [GeneratedRegex(@"(?<![_\w])__[A-Za-z][\w/*-]*?__(?![_\w])")]
    private static partial Regex Wildcard();

    // One that counts the shots of its clip has several.
    [GeneratedRegex(
        @"^\s*(?<word>scene|shot|clip|video|prompt|场景|镜头|片段)\s*#?[0-9]{1,4}\s*[-–—:：.)](?!.*\k<word>\s*#?[0-9])",
        RegexOptions.IgnoreCase | RegexOptions.Singleline
    )]
    private static partial Regex Label();

    [GeneratedRegex(@"\{[^{}]*\|[^{}]*\}")]
    private static partial Regex Choice();
}
