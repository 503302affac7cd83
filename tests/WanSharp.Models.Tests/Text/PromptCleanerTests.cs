using System.Text.Json;
using WanSharp.Models.Text;

namespace WanSharp.Models.Tests.Text;

public class PromptCleanerTests
{
    // Expected values from Python 3.11 with ftfy 6.3.1: ftfy.fix_text, html.unescape twice, strip, white space to ' ', strip.
    [Theory]
    [InlineData("", "")]
    [InlineData("  a \t\n cat\u3000\u00A0walks ", "a cat walks")]
    [InlineData("\u001Fa\u001Fb\u001C ", "ab")]
    [InlineData("salt &amp; pepper", "salt & pepper")]
    [InlineData("salt &amp;amp; pepper", "salt & pepper")]
    [InlineData("salt &amp;amp;amp; pepper", "salt & pepper")]
    [InlineData("AT&T &ampx &copy2024 &notit; &notin;", "AT&T &x \u00A92024 \u00ACit; \u2209")]
    [InlineData("&lt;b&gt;&quot;&apos;&#39;&#x27;&hellip;", "<b>\"'''…")]
    [InlineData("&#0;&#xD800;&#x110000;&#99999999999999999999;", "\uFFFD\uFFFD\uFFFD\uFFFD")]
    [InlineData("&#128;&#x81;&#159;x&#1;&#xFDD0;&#x1FFFF;y", "€\u0081Ÿxy")]
    [InlineData("&#128512&#x1F600;", "\U0001F600\U0001F600")]
    [InlineData("a&nbsp;&nbsp;b&#13;&#10;c", "a b c")]
    [InlineData("&; &# &#x; &x &unknown; & &&amp", "&; &# &#x; &x &unknown; & &&")]
    [InlineData("&NotEqualTilde;", "\u2242\u0338")]
    [InlineData("“curly” ‘quotes’ ｆｕｌｌ\u3000ｗｉｄｔｈ", "\"curly\" 'quotes' full width")]
    [InlineData("schÃ¶n, lâ€™Ã©tÃ© Ã la plage", "schön, l'été à la plage")]
    [InlineData("a &NTILDE; &SZLIG; < &amp;", "a &NTILDE; &SZLIG; < &")]
    [InlineData("a &NTILDE; &SZLIG; &amp;", "a Ñ SS &")]
    [InlineData("\e[31mred\e[0m \uFEFFtext\a", "red text")]
    public void Clean_Prompt_EqualsTheOfficialCode(string prompt, string expected) => Assert.Equal(expected, PromptCleaner.Clean(prompt));

    [Fact]
    public void Clean_HalfOfACharacter_IsReplaced() => // an attribute cannot hold one
        Assert.Equal("half \uFFFD a \uD83D\uDE00 face", PromptCleaner.Clean("half \uD83D a \uD83D\uDE00 face"));

    /// <summary>Prompts in a dozen languages, as they are and as wrong encodings, web pages and terminals leave them.</summary>
    [Fact]
    public void Clean_SpoiltPrompts_EqualsTheOfficialCode()
    {
        using var stream = typeof(PromptCleanerTests).Assembly.GetManifestResourceStream(
            typeof(PromptCleanerTests),
            "prompt-cleaning.jsonl"
        )!;
        using var reader = new StreamReader(stream);
        var count = 0;
        while (reader.ReadLine() is { } line)
        {
            if (JsonSerializer.Deserialize<string[]>(line) is [var prompt, var expected])
            {
                Assert.Equal(expected, PromptCleaner.Clean(prompt));
                count++;
            }
        }

        Assert.Equal(191, count);
    }
}
