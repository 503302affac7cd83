using WanSharp.Models.Text;

namespace WanSharp.Models.Tests.Text;

public class PromptCleanerTests
{
    // Expected values from Python 3.11: html.unescape twice, strip, white space to ' ', strip.
    [Theory]
    [InlineData("", "")]
    [InlineData("  a \t\n cat\u3000\u00A0walks ", "a cat walks")]
    [InlineData("\u001Fa\u001Fb\u001C ", "a\u001Fb")]
    [InlineData("salt &amp; pepper", "salt & pepper")]
    [InlineData("salt &amp;amp; pepper", "salt & pepper")]
    [InlineData("salt &amp;amp;amp; pepper", "salt &amp; pepper")]
    [InlineData("AT&T &ampx &copy2024 &notit; &notin;", "AT&T &x \u00A92024 \u00ACit; \u2209")]
    [InlineData("&lt;b&gt;&quot;&apos;&#39;&#x27;&hellip;", "<b>\"'''…")]
    [InlineData("&#0;&#xD800;&#x110000;&#99999999999999999999;", "\uFFFD\uFFFD\uFFFD\uFFFD")]
    [InlineData("&#128;&#x81;&#159;x&#1;&#xFDD0;&#x1FFFF;y", "€\u0081Ÿxy")]
    [InlineData("&#128512&#x1F600;", "\U0001F600\U0001F600")]
    [InlineData("a&nbsp;&nbsp;b&#13;&#10;c", "a b c")]
    [InlineData("&; &# &#x; &x &unknown; & &&amp", "&; &# &#x; &x &unknown; & &&")]
    [InlineData("&NotEqualTilde;", "\u2242\u0338")]
    [InlineData("“curly” ｆｕｌｌ", "“curly” ｆｕｌｌ")]
    public void Clean_Prompt_EqualsTheOfficialCode(string prompt, string expected) =>
        Assert.Equal(expected, PromptCleaner.Clean(prompt));
}
