"""The words of the readiness report, in Chinese and English; a test compares the keys."""

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "title": "系统是否需要升级：自查报告",
        "read": "依据 {files}，共 {rows} 行商机，截至 {as_of}",
        "yes": "需要升级：{n} 项症状明显（{names}）",
        "watch": "暂不必升级，但请关注：{names}",
        "no": "不需要升级：测得的症状都不明显",
        "score": "得分 {score}／100",
        "unmeasured": "无法测量",
        "figure": "{share}（n = {rows}）",
        "comma": "、",
        "do": "怎么做：",
        "method": "怎么测：",
        "signs": "其中：",
        "left_out": "无法读取、未计入：",
        "sign": "{sign} {count}",
        "tier": "可达档位",
        "tier.smoothed": "平滑赢率",
        "tier.small_model": "小样本模型",
        "tier.full_model": "完整模型",
        "tier.said": "已结商机：赢 {won}、输 {lost}。数量允许“{tier}”；是否采用，由首夜训练时的滚动回测决定。",
        "expected": "预期准确度",
        "expected.said": (
            "不用任何系统，“下月等于前三个月的平均”在最近 {months} 个整月里的误差（WAPE）为 {wape}。系统应当低于它；首夜"
            "会在样本外给出自己的数字。"
        ),
        "expected.none": "整月不足，简单规则的误差尚无法测量；首夜会在样本外给出模型自己的数字。",
        "manual": "手工表格",
        "manual.method": (
            "有手工痕迹的行所占比例：合计行、写法与本列不同的日期或金额、同一商机另存于第二份清单。{worst} 及以上得 0 分"
            "。"
        ),
        "manual.do": "把清单接成自动读取的文件或系统，不再抄写；合计由系统计算。",
        "manual.none": "没有商机行。",
        "lag": "滞后",
        "lag.method": (
            "落后于实际的行所占比例（赢单与在手商机中）：成交当天或之后才录入的赢单、预计成交日已过仍未结的商机。{worst} "
            "及以上得 0 分。"
        ),
        "lag.do": "让成交前录入成为规则，每周清理逾期的预计成交日；开通每夜读取与提醒。",
        "lag.none": "没有赢单或在手商机。",
        "errors": "错误",
        "errors.method": (
            "不可能正确的行所占比例：缺编号、编号重复、读不懂的单元格、无金额或金额不大于零、无负责人、无创建时间、阶段不"
            "明、已结无结单日、结单日在将来、预计成交日早于创建。{worst} 及以上得 0 分。"
        ),
        "errors.do": "逐项改正，并把这些检查放在入口：关键错误不放行。",
        "errors.none": "没有商机行。",
        "definitions": "口径不一",
        "definitions.method": (
            "两种口径说法不同的行所占比例：赢单用另一个词、同一客户多种写法、未结却有结单日、两份清单不一致。{worst} 及以"
            "上得 0 分。"
        ),
        "definitions.do": "定一份阶段标准与客户主名，各清单写明以谁为准；指标口径登记一次。",
        "definitions.none": "没有商机行。",
        "deviation": "持续偏差",
        "deviation.method": (
            "有“期间、预测、实际”清单时：总预测与总实际之差的比例；否则：承诺在某月、后来赢下的金额中，该月之后才落地的比"
            "例（恰在预计日成交者过多时视为被覆盖，不计）。偏离 10% 以上的月份计入。{worst} 及以上得 0 分。"
        ),
        "deviation.do": "用校准过的概率与区间代替个人承诺的日期，并把每期偏差归因后复盘。",
        "deviation.none": "整月不足四个，或预计日在结单时被覆盖，无从比较：请另附“期间、预测、实际”清单。",
        "total_row": "合计行",
        "other_form": "写法不同",
        "second_list": "另存于第二份清单",
        "entered_late": "事后补录的赢单",
        "past_due": "逾期未结",
        "no_id": "缺编号",
        "id_twice": "编号重复",
        "unread": "读不懂的单元格",
        "no_amount": "无金额",
        "not_above_zero": "金额不大于零",
        "no_owner": "无负责人",
        "no_creation": "无创建时间",
        "unknown_stage": "阶段不明",
        "no_closing": "已结无结单日",
        "closed_in_future": "结单日在将来",
        "due_before_creation": "预计成交日早于创建",
        "other_word_for_won": "赢单用另一个词",
        "customer_spelt_otherwise": "同一客户多种写法",
        "open_with_closing": "未结却有结单日",
        "lists_disagree": "两份清单不一致",
        "periods_too_high": "预测偏高的期间",
        "periods_too_low": "预测偏低的期间",
        "months_landing_later": "推迟落地的月份",
        "wins_on_expected_day": "恰在预计日成交的赢单",
    },
    "en": {
        "title": "Does your system need an upgrade? A self-check",
        "read": "from {files}: {rows} rows of deals, as of {as_of}",
        "yes": "It does: {n} symptoms are plain ({names})",
        "watch": "Not yet, but watch {names}",
        "no": "It does not: none of the symptoms that could be measured is plain",
        "score": "{score} of 100",
        "unmeasured": "not measurable",
        "figure": "{share} (n = {rows})",
        "comma": ", ",
        "do": "What to do: ",
        "method": "How it was measured: ",
        "signs": "of which: ",
        "left_out": "left out, since a cell is no amount: ",
        "sign": "{sign} {count}",
        "tier": "Tier within reach",
        "tier.smoothed": "smoothed rates",
        "tier.small_model": "small model",
        "tier.full_model": "full model",
        "tier.said": (
            "Closed deals: {won} won, {lost} lost. They allow the tier “{tier}”; whether it is used is decided by the "
            "rolling backtest of the first night's training."
        ),
        "expected": "Expected accuracy",
        "expected.said": (
            "Without any system, “next month is the mean of the last three” was off by {wape} (WAPE) over the last "
            "{months} whole months. A system must do better; the first night prints its own figures, out of sample."
        ),
        "expected.none": (
            "Too few whole months to measure the simple rule; the first night prints the model's own figures, out of "
            "sample."
        ),
        "manual": "Manual spreadsheets",
        "manual.method": (
            "share of rows with traces of hand work: rows of totals, dates or amounts written otherwise than their "
            "column, deals that a second list is kept of. {worst} or more scores 0."
        ),
        "manual.do": (
            "Have the lists read as files or systems every night instead of copying them; totals are the system's work."
        ),
        "manual.none": "There is no row of a deal.",
        "lag": "Lag",
        "lag.method": (
            "share of rows behind reality, of won and open ones: wins entered on the day they closed or later, open "
            "deals whose expected close date is over. {worst} or more scores 0."
        ),
        "lag.do": (
            "Make entering before closing the rule, clean past-due close dates every week; switch on the nightly reading "
            "and its alerts."
        ),
        "lag.none": "There is no won or open deal.",
        "errors": "Errors",
        "errors.method": (
            "share of rows that cannot be right: no id, an id twice, cells that cannot be read, no amount or none above "
            "zero, no owner, no creation, an unknown stage, closed without a day, closed in the future, due before "
            "creation. {worst} or more scores 0."
        ),
        "errors.do": "Correct them one kind at a time and check at the border: a critical error stops the publication.",
        "errors.none": "There is no row of a deal.",
        "definitions": "Conflicting definitions",
        "definitions.method": (
            "share of rows that two definitions tell otherwise: another word for won, a customer in several spellings, "
            "open with a closing date, two lists that disagree. {worst} or more scores 0."
        ),
        "definitions.do": (
            "Agree on one stage standard and one name a customer, say which list prevails; define each metric once."
        ),
        "definitions.none": "There is no row of a deal.",
        "deviation": "Persistent deviation",
        "deviation.method": (
            "with a list of periods, forecasts and actuals: the total forecast against the total actual; else the share "
            "of the amount promised for a month, and won later on, that landed after its end (wins on the very day "
            "expected, where they are many, were written over and are left out). Months off by more than 10 % are "
            "counted. {worst} or more scores 0."
        ),
        "deviation.do": (
            "Replace promised dates by calibrated probabilities with ranges, and attribute each period's deviation in a "
            "review."
        ),
        "deviation.none": (
            "Fewer than four whole months, or expected dates are overwritten at closing, so that nothing is left to "
            "compare: add a list of periods, forecasts and actuals."
        ),
        "total_row": "rows of totals",
        "other_form": "written otherwise",
        "second_list": "kept in a second list",
        "entered_late": "wins entered afterwards",
        "past_due": "open past the close date",
        "no_id": "no id",
        "id_twice": "id twice",
        "unread": "unreadable cell",
        "no_amount": "no amount",
        "not_above_zero": "amount not above zero",
        "no_owner": "no owner",
        "no_creation": "no creation",
        "unknown_stage": "unknown stage",
        "no_closing": "closed without a day",
        "closed_in_future": "closed in the future",
        "due_before_creation": "due before creation",
        "other_word_for_won": "another word for won",
        "customer_spelt_otherwise": "customer in several spellings",
        "open_with_closing": "open with a closing date",
        "lists_disagree": "lists disagree",
        "periods_too_high": "periods forecast too high",
        "periods_too_low": "periods forecast too low",
        "months_landing_later": "months landing later",
        "wins_on_expected_day": "wins on the expected day",
    },
}
