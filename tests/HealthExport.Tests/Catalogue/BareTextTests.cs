using HealthExport.Catalogue;

namespace HealthExport.Tests.Catalogue;

public sealed class BareTextTests
{
    [Theory]
    [InlineData("In Bed", "inbed")]
    [InlineData("ASLEEP_CORE", "asleepcore")]
    [InlineData(" Rapid,\u00A0Pounding\u202For-Fluttering ", "rapidpoundingorfluttering")]
    [InlineData("Course à pied", "courseapied")]
    [InlineData("Ausführen", "ausfuhren")]
    [InlineData("AUSFU\u0308HREN", "ausfuhren")]
    [InlineData("Fußball", "fussball")]
    [InlineData("FUẞBALL", "fussball")]
    [InlineData("LØPING", "loping")]
    [InlineData("Åndenød", "andenod")]
    [InlineData("Łyżwiarstwo", "lyzwiarstwo")]
    [InlineData("Blanc d’œuf", "blancdoeuf")]
    [InlineData("Æggehvide", "aeggehvide")]
    [InlineData("İstanbul", "istanbul")]
    [InlineData("Ύπνος", "υπνοσ")]
    [InlineData("Ёж", "еж")]
    [InlineData("И\u0306од", "иод")]
    [InlineData("йод", "иод")]
    [InlineData("Ｙｏｇａ！", "yoga")]
    [InlineData("マインド＆ボディ", "マインドボディ")]
    [InlineData("サッカー", "サッカー")]
    [InlineData("ｻｯｶｰ", "サッカー")]
    [InlineData("ﾎﾞｰﾄ", "ボート")]
    [InlineData("ﾌﾟｰﾙ", "プール")]
    [InlineData("か\u3099", "が")]
    [InlineData("は\u309A", "ぱ")]
    [InlineData("ウ\u3099", "ヴ")]
    [InlineData("户外 跑步", "户外跑步")]
    [InlineData("실외 걷기", "실외걷기")]
    [InlineData("\u1100\u1165\u11AE\u1100\u1175", "걷기")]
    [InlineData("नींद", "नींद")]
    [InlineData("นอนหลับ", "นอนหลับ")]
    [InlineData("😀", "😀")]
    [InlineData("—·…", "")]
    public void Only_what_tells_words_apart_is_left(string text, string bare) =>
        Assert.Equal(bare, BareText.Of(text));

    [Theory]
    [InlineData("か", "が")]
    [InlineData("ハ", "バ")]
    [InlineData("バ", "パ")]
    [InlineData("シヤ", "シャ")]
    [InlineData("さくら", "サクラ")]
    [InlineData("鼻水", "鼻氷")]
    [InlineData("걷기", "걷키")]
    [InlineData("คา", "ค่า")]
    public void What_tells_words_apart_stays(string one, string other) =>
        Assert.NotEqual(BareText.Of(one), BareText.Of(other));

    [Fact]
    public void Bare_twice_is_bare_once()
    {
        foreach (var fields in CatalogueFile.ReadRows("Catalogue/texts.csv"))
            Assert.All(fields, field => Assert.Equal(BareText.Of(field), BareText.Of(BareText.Of(field))));
        for (var c = 0; c <= char.MaxValue; c++)
        {
            var bare = BareText.Of(((char)c).ToString());
            Assert.Equal(bare, BareText.Of(bare));
        }

        // Letters, marks and parts that join with each other, in any order.
        var random = new Random(6);
        const string parts = "aÄ\u0308ßİ\u0130éøか\u3099は\u309Aウゔゝﾊﾞﾟｳ\u1100\u1161\u11A8가각\u0E48\u093F\ud83d\ude00 -Йи\u0306Σς";
        for (var i = 0; i < 20_000; i++)
        {
            var text = new string(random.GetItems<char>(parts, random.Next(1, 9)));
            var bare = BareText.Of(text);
            Assert.Equal(bare, BareText.Of(bare));
            Assert.Equal(bare, BareText.Of(text.ToUpperInvariant().ToLowerInvariant()));
        }
    }
}
