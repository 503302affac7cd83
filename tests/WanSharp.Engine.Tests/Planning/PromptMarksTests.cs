using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Planning;

/// <summary>What other programs do not read as text is noted; what only looks so is not.</summary>
public class PromptMarksTests
{
    [Theory]
    [InlineData("a red circle\nNegative prompt: blur\nSteps: 20, Sampler: Euler", "'Negative prompt:'")]
    [InlineData("a red circle Steps: 20, Seed: 1", "'Steps: 20,'")]
    [InlineData("Prompt: a red circle", "'Prompt:'")]
    [InlineData("/imagine a red circle", "'/imagine'")]
    [InlineData("{{color}} circle", "{{color}}, a place of a template")]
    [InlineData("{prompt}, best quality", "{prompt}, a place of a template")]
    [InlineData("a %s circle", "%s, a place of a template")]
    public void Require_WhatProgramsWriteAroundPrompts_IsRefused(string prompt, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<InvalidRequestException>(() => PromptText.Require("prompt", prompt, mayBeEmpty: false)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("a prompt: answer it, she says")]
    [InlineData("he takes the steps: 20, then 30 of them")]
    [InlineData("100%safe, a {color} circle, 5 %s.")]
    public void Require_WordsThatLookSo_ArePrompts(string prompt) =>
        Assert.Equal(prompt, PromptText.Require("prompt", prompt, mayBeEmpty: false));

    [Theory]
    [InlineData("a (flying:1.3) fox", "'(flying:1.3)' in the prompt is a weight")]
    [InlineData("a ((red fox):1.2)", "'((red fox):1.2)'")]
    [InlineData("a (red fox: .8)", "'(red fox: .8)'")]
    [InlineData("a <random:red,blue> fox", "'<random:red,blue>' in the prompt is a mark")]
    [InlineData("a <segment:face,0.5> fox", "'<segment:face,0.5>'")]
    [InlineData("embedding:easy, a fox", "'embedding:easy'")]
    [InlineData("a {red|blue} fox", "'{red|blue}' in the prompt is a choice")]
    [InlineData("a caf\\u00e9 at night", "'\\u00e9' in the prompt is a letter")]
    [InlineData("a cat\\nsits", "'\\n'")]
    [InlineData("a%20red%20circle", "'a%20red%20circle'")]
    [InlineData("a [cat:dog:0.5] runs", "'[cat:dog:0.5]'")]
    [InlineData("a [cat|dog] runs", "'[cat|dog]'")]
    [InlineData("a cat BREAK a dog", "'BREAK'")]
    [InlineData("a __color__ cat", "'__color__'")]
    [InlineData("Scene 2: a cat sits", "'Scene 2:' in the prompt is a label")]
    [InlineData("Shot 3 - a cat sits", "'Shot 3 -'")]
    [InlineData("Shot 1: a cat sits. Shot 2: it leaps.", null)]
    [InlineData("scene 2 of a play: a cat sits", null)]
    [InlineData("100% cotton, 50% off", null)]
    [InlineData("a screen (16:9) in a room (at noon)", null)]
    [InlineData("the ratio (of 4:3) is {old}", null)]
    [InlineData("x < y and y > z: <3", null)]
    [InlineData("a sign that reads \"CAFE: 5\"", null)]
    public void NotesOf_APrompt_NamesWhatIsNoText(string prompt, string? expected)
    {
        var notes = PromptMarks.NotesOf(prompt, null).ToList();

        Assert.Equal(expected is null ? 0 : 1, notes.Count);
        Assert.All(notes, note => Assert.StartsWith(expected!, note, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("None", true)]
    [InlineData(" n/a", true)]
    [InlineData("", false)]
    [InlineData("none of them blurry", false)]
    public void NotesOf_ANegativePromptThatSaysNone_SaysThatItIsNone(string negative, bool isNone)
    {
        Assert.Equal(isNone, PromptMarks.NotesOf("a fox", negative).Any());
        Assert.Equal(isNone ? "" : negative, PromptText.Require("negative", negative, mayBeEmpty: true));
    }
}
